-- The months of the tables that are kept in months.

-- name: list_missing_months
-- Asked often, and mostly nothing comes of it.
SELECT parent, month FROM unnest($1::text[]) AS parent, unnest($2::date[]) AS month
WHERE to_regclass(month_name(parent, month)) IS NULL ORDER BY parent, month;

-- name: bound_wait
SELECT set_config('lock_timeout', $1, true);

-- name: make_month
SELECT make_month($1, $2);
