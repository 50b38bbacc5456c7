-- One milestone for every fourth lot, drawing up to five credits of it; every second one of them is completed.
CREATE TEMP TABLE task ON COMMIT DROP AS
SELECT p.id AS purchase_id, p.account_id, p.currency_id, j.id AS project_id, p.value_per_credit, p.amount_paid_per_credit,
       least(p.number_of_credits, 1 + p.id %% 5) AS credits, greatest(p.purchased_on, p.starts_on) AS on_day,
       'MSG-' || lpad(p.id::text, 8, '0') AS number, p.id %% 8 = 0 AS completed
FROM credits_purchase p JOIN opportunities_project j ON j.account_id = p.account_id AND j.currency_id = p.currency_id
WHERE p.number LIKE 'SCG-%%' AND p.id %% 4 = 0;

INSERT INTO credits_milestone (project_id, number, name, status, target_on, credits_needed, credits_allocated, amount)
SELECT project_id, number, 'Generated milestone', 'approved', on_day + 30, credits, 0, credits * value_per_credit FROM task;

INSERT INTO credits_allocation (event_key, allocation_type, account_id, currency_id, milestone_id, allocated_on)
SELECT 'credits-allocation:' || m.id, 'allocation', t.account_id, t.currency_id, m.id, t.on_day
FROM task t JOIN credits_milestone m USING (number);

INSERT INTO credits_consumption (allocation_id, consumption_type, account_id, milestone_id, purchase_id, currency_id, credits,
                                 value_per_credit, amount_paid_per_credit, consumed_on)
SELECT a.id, 'consumption', t.account_id, m.id, t.purchase_id, t.currency_id, t.credits, t.value_per_credit,
       t.amount_paid_per_credit, t.on_day
FROM task t JOIN credits_milestone m USING (number) JOIN credits_allocation a ON a.milestone_id = m.id;

INSERT INTO credits_completion (milestone_id, sequence, actual_on, reopen_reason)
SELECT m.id, 1, t.on_day, '' FROM task t JOIN credits_milestone m USING (number) WHERE t.completed;

UPDATE credits_milestone m SET actual_on = t.on_day FROM task t WHERE t.number = m.number AND t.completed;
