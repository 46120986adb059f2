-- Where a source's signature leaves out whether or how much was paid, the booked money alone settles it.
ALTER TABLE source ADD COLUMN money_confirms boolean NOT NULL DEFAULT false; -- as its adapter declared when last served

-- What has changed since it was last looked for money that confirms, in batches, of tenants that have such a source.
-- A mark comes in the transaction of its facts; who takes it sees them, and all that was committed before.
CREATE TABLE unweighed (
    tenant_id    integer NOT NULL,
    unweighed_id bigint GENERATED ALWAYS AS IDENTITY,
    kind         text NOT NULL CHECK (kind IN ('payment', 'line')),
    fact_ids     bigint[] NOT NULL,
    PRIMARY KEY (tenant_id, unweighed_id)
);
