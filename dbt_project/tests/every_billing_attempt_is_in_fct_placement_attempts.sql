-- Each row of the billing attempts log that names an order is in fct_placement_attempts.

select log_rows.billing_attempt_id
from {{ ref('stg_ordergroove__billing_attempts') }} as log_rows
left join {{ ref('fct_placement_attempts') }} as attempts
    on log_rows.billing_attempt_id = attempts.billing_attempt_id
where
    log_rows.order_id is not null
    and attempts.billing_attempt_id is null
