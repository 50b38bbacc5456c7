-- What is invoiced and delivered of an order's line is what its invoices and delivery notes say: looked at when the
-- transaction ends. An invoice of an order is for the account of the order.
CREATE FUNCTION prepaid_order_lines_explained(lines bigint[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    bad record;
BEGIN
    SELECT d.number, l.line_no INTO bad
    FROM prepaid_salesline l
    JOIN prepaid_salesdocument d ON d.id = l.document_id
    WHERE l.id = ANY (lines)
      AND (l.quantity_invoiced <> (SELECT coalesce(sum(quantity), 0) FROM prepaid_salesline WHERE order_line_id = l.id)
           OR l.quantity_shipped <> (SELECT coalesce(sum(quantity), 0) FROM prepaid_deliveryline WHERE line_id = l.id))
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'line % of %: what is invoiced or delivered is not what its documents say', bad.line_no, bad.number
            USING ERRCODE = 'check_violation', CONSTRAINT = 'order_line_is_explained';
    END IF;
END $$;

CREATE FUNCTION prepaid_sales_line_explains() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM prepaid_order_lines_explained(ARRAY[NEW.id, NEW.order_line_id, OLD.order_line_id]);
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER order_line_explained_insert AFTER INSERT ON prepaid_salesline
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN (NEW.order_line_id IS NOT NULL OR NEW.quantity_invoiced <> 0 OR NEW.quantity_shipped <> 0)
    EXECUTE FUNCTION prepaid_sales_line_explains();
CREATE CONSTRAINT TRIGGER order_line_explained_update AFTER UPDATE ON prepaid_salesline
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN ((NEW.quantity, NEW.quantity_invoiced, NEW.quantity_shipped, NEW.order_line_id) IS DISTINCT FROM
          (OLD.quantity, OLD.quantity_invoiced, OLD.quantity_shipped, OLD.order_line_id))
    EXECUTE FUNCTION prepaid_sales_line_explains();
CREATE CONSTRAINT TRIGGER order_line_explained_delete AFTER DELETE ON prepaid_salesline
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (OLD.order_line_id IS NOT NULL)
    EXECUTE FUNCTION prepaid_sales_line_explains();

CREATE FUNCTION prepaid_delivery_line_explains() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM prepaid_delivery d JOIN prepaid_salesline l ON l.document_id = d.order_id
        JOIN prepaid_salesdocument o ON o.id = d.order_id
        WHERE d.id = NEW.delivery_id AND l.id = NEW.line_id AND o.type = 'order')
    THEN
        RAISE EXCEPTION 'a delivery note is for lines of its own order'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'delivery_line_of_its_order';
    END IF;
    PERFORM prepaid_order_lines_explained(ARRAY[NEW.line_id]);
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER delivery_line_explained AFTER INSERT ON prepaid_deliveryline
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION prepaid_delivery_line_explains();

CREATE FUNCTION prepaid_order_line_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM prepaid_salesline l
        JOIN prepaid_salesdocument o ON o.id = l.document_id
        JOIN prepaid_salesdocument i ON i.id = NEW.document_id
        WHERE l.id = NEW.order_line_id AND o.type = 'order' AND i.type = 'invoice' AND i.account_id = o.account_id
          AND l.product_id = NEW.product_id)
    THEN
        RAISE EXCEPTION 'line % invoices no line of an order of its account and product', NEW.line_no
            USING ERRCODE = 'check_violation', CONSTRAINT = 'sales_line_of_its_order';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER sales_line_order_guard BEFORE INSERT OR UPDATE OF document_id, order_line_id, product_id ON prepaid_salesline
    FOR EACH ROW WHEN (NEW.order_line_id IS NOT NULL) EXECUTE FUNCTION prepaid_order_line_guard();
