from django.db import migrations

# What was issued stays as it was issued. A credential changes once: when it is revoked.
GUARDS = """
CREATE FUNCTION credentials_refuse_change() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  RAISE EXCEPTION '% of % is refused: what was issued stays', TG_OP, TG_TABLE_NAME
    USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_NAME;
END $$;
CREATE TRIGGER issuer_stays BEFORE UPDATE OR DELETE ON credentials_issuer
  FOR EACH ROW EXECUTE FUNCTION credentials_refuse_change();
CREATE TRIGGER issuer_table_stays BEFORE TRUNCATE ON credentials_issuer
  FOR EACH STATEMENT EXECUTE FUNCTION credentials_refuse_change();
CREATE TRIGGER status_list_stays BEFORE UPDATE OR DELETE ON credentials_status_list
  FOR EACH ROW EXECUTE FUNCTION credentials_refuse_change();
CREATE TRIGGER status_list_table_stays BEFORE TRUNCATE ON credentials_status_list
  FOR EACH STATEMENT EXECUTE FUNCTION credentials_refuse_change();
CREATE TRIGGER seal_stays BEFORE UPDATE OR DELETE ON credentials_seal
  FOR EACH ROW EXECUTE FUNCTION credentials_refuse_change();
CREATE TRIGGER seal_table_stays BEFORE TRUNCATE ON credentials_seal
  FOR EACH STATEMENT EXECUTE FUNCTION credentials_refuse_change();
CREATE TRIGGER page_stays BEFORE UPDATE OR DELETE ON credentials_page
  FOR EACH ROW EXECUTE FUNCTION credentials_refuse_change();
CREATE TRIGGER page_table_stays BEFORE TRUNCATE ON credentials_page
  FOR EACH STATEMENT EXECUTE FUNCTION credentials_refuse_change();
CREATE TRIGGER credential_stays BEFORE DELETE ON credentials_credential
  FOR EACH ROW EXECUTE FUNCTION credentials_refuse_change();
CREATE TRIGGER credential_table_stays BEFORE TRUNCATE ON credentials_credential
  FOR EACH STATEMENT EXECUTE FUNCTION credentials_refuse_change();
CREATE TRIGGER credential_born_live BEFORE INSERT ON credentials_credential
  FOR EACH ROW WHEN (NEW.revoked_at IS NOT NULL)
  EXECUTE FUNCTION credentials_refuse_change();
CREATE TRIGGER credential_revoked_once BEFORE UPDATE ON credentials_credential
  FOR EACH ROW WHEN (OLD.revoked_at IS NOT NULL OR NEW.revoked_at IS NULL)
  EXECUTE FUNCTION credentials_refuse_change();
CREATE TRIGGER credential_fixed BEFORE UPDATE ON credentials_credential
  FOR EACH ROW WHEN (ROW(NEW.id, NEW.token, NEW.type, NEW.about_kind, NEW.about_id, NEW.owner_id,
      NEW.status_list_id, NEW.position, NEW.key_id, NEW.document, NEW.issued_at)
    IS DISTINCT FROM ROW(OLD.id, OLD.token, OLD.type, OLD.about_kind, OLD.about_id, OLD.owner_id,
      OLD.status_list_id, OLD.position, OLD.key_id, OLD.document, OLD.issued_at))
  EXECUTE FUNCTION credentials_refuse_change();

-- The bit that the row counts is the bit that the document names, and so is the address.
ALTER TABLE credentials_credential ADD CONSTRAINT credential_says_its_bit CHECK (
  document::jsonb #>> '{credentialStatus,statusListIndex}' IS NOT DISTINCT FROM position::text
  AND document::jsonb #>> '{credentialStatus,statusListCredential}' LIKE '%/status/' || status_list_id
  AND document::jsonb ->> 'id' LIKE '%/credentials/' || token
);
CREATE INDEX credential_revoked_bits ON credentials_credential (status_list_id, position)
  WHERE revoked_at IS NOT NULL;
DO $$ BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'ybj_runtime') THEN
    REVOKE UPDATE, DELETE, TRUNCATE ON credentials_issuer, credentials_status_list, credentials_seal,
      credentials_page FROM ybj_runtime;
    REVOKE DELETE, TRUNCATE ON credentials_credential FROM ybj_runtime;
  END IF;
END $$;
"""
UNDO = """
ALTER TABLE credentials_credential DROP CONSTRAINT credential_says_its_bit;
DROP INDEX credential_revoked_bits;
DROP TRIGGER issuer_stays ON credentials_issuer;
DROP TRIGGER issuer_table_stays ON credentials_issuer;
DROP TRIGGER status_list_stays ON credentials_status_list;
DROP TRIGGER status_list_table_stays ON credentials_status_list;
DROP TRIGGER seal_stays ON credentials_seal;
DROP TRIGGER seal_table_stays ON credentials_seal;
DROP TRIGGER page_stays ON credentials_page;
DROP TRIGGER page_table_stays ON credentials_page;
DROP TRIGGER credential_stays ON credentials_credential;
DROP TRIGGER credential_table_stays ON credentials_credential;
DROP TRIGGER credential_born_live ON credentials_credential;
DROP TRIGGER credential_revoked_once ON credentials_credential;
DROP TRIGGER credential_fixed ON credentials_credential;
DROP FUNCTION credentials_refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [("credentials", "0001_initial")]
    operations = [migrations.RunSQL(GUARDS, UNDO)]
