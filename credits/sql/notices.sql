-- What was told stays as it was told: a notice is settled or open, and goes into a mail once.
CREATE FUNCTION credits_notice_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    told credits_notice;
BEGIN
    told := NEW;
    told.settled_on := OLD.settled_on;
    told.mail_id := OLD.mail_id;
    IF TG_OP = 'DELETE' OR told IS DISTINCT FROM OLD OR (OLD.mail_id IS NOT NULL AND NEW.mail_id IS DISTINCT FROM OLD.mail_id)
    THEN
        RAISE EXCEPTION 'notice % stays as it was told', OLD.key
            USING ERRCODE = 'check_violation', CONSTRAINT = 'notice_stays_as_told';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER notice_guard BEFORE UPDATE OR DELETE ON credits_notice
    FOR EACH ROW EXECUTE FUNCTION credits_notice_guard();
CREATE TRIGGER notice_not_truncated BEFORE TRUNCATE ON credits_notice
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_append_only();

-- A text that was written is not written anew, and what was sent is final.
CREATE FUNCTION credits_notice_mail_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'mail % with notices stays as it was written and sent', OLD.id
        USING ERRCODE = 'check_violation', CONSTRAINT = 'notice_mail_is_final';
END $$;

CREATE TRIGGER notice_mail_guard BEFORE UPDATE ON credits_noticemail
    FOR EACH ROW WHEN (OLD.sent_at IS NOT NULL OR (OLD.text <> '' AND (NEW.text, NEW.subject) IS DISTINCT FROM (OLD.text, OLD.subject)))
    EXECUTE FUNCTION credits_notice_mail_guard();
CREATE TRIGGER notice_mail_stays BEFORE DELETE ON credits_noticemail
    FOR EACH ROW WHEN (OLD.text <> '') EXECUTE FUNCTION credits_notice_mail_guard();
CREATE TRIGGER notice_mail_not_truncated BEFORE TRUNCATE ON credits_noticemail
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_append_only();
