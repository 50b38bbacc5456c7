"""The pages of customers, one module per noun. What upper apps know about a customer, an opportunity or a project they add
through the slots "account", "opportunity" and "project"."""
