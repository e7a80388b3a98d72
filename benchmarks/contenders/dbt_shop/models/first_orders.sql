select customer_id, min(ordered_on) as first_on from {{ source('facts', 'orders') }} group by customer_id
