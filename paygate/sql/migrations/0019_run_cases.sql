-- The cases of a closed day that did not agree, as its run counted them: whoever asks what a figure is made of is shown
-- what it was made of then, whatever has become of it since. Those that agreed are many, and say nothing more.

CREATE TABLE run_case (
    tenant_id      integer NOT NULL,
    run_id         bigint NOT NULL,
    case_key       text NOT NULL,
    verdict        text NOT NULL,
    amount         bigint NOT NULL,
    agency_code    text,
    source         text,
    procedure_code text,
    dossier_code   text,
    payment_id     bigint,
    line_id        bigint,
    reasons        text[] NOT NULL,   -- the weightiest first
    amounts        bigint[] NOT NULL, -- of each reason
    PRIMARY KEY (tenant_id, run_id, case_key),
    FOREIGN KEY (tenant_id, run_id) REFERENCES run,
    CHECK (cardinality(reasons) = cardinality(amounts))
);
