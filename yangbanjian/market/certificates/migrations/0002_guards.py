from django.db import migrations

GUARDS = """
-- A certificate stands as it was issued; it changes once, when it is revoked, and by the daily check.
CREATE FUNCTION certificates_certificate_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    RAISE EXCEPTION 'a certificate stays' USING ERRCODE = 'restrict_violation';
  END IF;
  IF TG_OP = 'INSERT' THEN
    IF NEW.revoked_at IS NOT NULL THEN
      RAISE EXCEPTION 'a certificate is born live' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
  END IF;
  IF (NEW.id, NEW.deal_id, NEW.owner_id, NEW.no, NEW.credential_id, NEW.issued_by, NEW.issued_at)
     IS DISTINCT FROM
     (OLD.id, OLD.deal_id, OLD.owner_id, OLD.no, OLD.credential_id, OLD.issued_by, OLD.issued_at)
     OR OLD.revoked_at IS NOT NULL AND (NEW.revoked_at, NEW.revoked_by, NEW.reason) IS DISTINCT FROM
       (OLD.revoked_at, OLD.revoked_by, OLD.reason) THEN
    RAISE EXCEPTION 'a certificate stands as it was issued' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER certificates_certificate_stands BEFORE INSERT OR UPDATE OR DELETE ON certificates_certificate
  FOR EACH ROW EXECUTE FUNCTION certificates_certificate_guard();

-- No certificate before the contract is signed and the money, or its first part and a security, is there.
CREATE FUNCTION certificates_condition() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE d trading_deal%ROWTYPE;
BEGIN
  SELECT * INTO d FROM trading_deal WHERE id = NEW.deal_id;
  IF d.signed_at IS NULL OR d.state NOT IN ('signed', 'paid', 'handed_over', 'archived') OR
     d.state = 'signed' AND (d.security = '' OR NOT EXISTS (
       SELECT FROM trading_instalment AS i WHERE i.deal_id = d.id AND i.seq = 1 AND i.paid_fen = i.amount_fen)) THEN
    RAISE EXCEPTION 'no certificate before the money is there' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER certificates_certificate_condition BEFORE INSERT ON certificates_certificate
  FOR EACH ROW EXECUTE FUNCTION certificates_condition();

CREATE FUNCTION certificates_dossier_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' OR OLD.state IN ('done', 'failed') OR
     (NEW.id, NEW.deal_id, NEW.owner_id, NEW.asked_by, NEW.asked_at) IS DISTINCT FROM
     (OLD.id, OLD.deal_id, OLD.owner_id, OLD.asked_by, OLD.asked_at) OR
     OLD.entry_id IS NOT NULL AND (NEW.entry_id, NEW.body) IS DISTINCT FROM (OLD.entry_id, OLD.body) THEN
    RAISE EXCEPTION 'a dossier stands as it was made' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER certificates_dossier_stands BEFORE UPDATE OR DELETE ON certificates_dossier
  FOR EACH ROW EXECUTE FUNCTION certificates_dossier_guard();

DO $$ BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'ybj_runtime') THEN
    REVOKE DELETE, TRUNCATE ON certificates_certificate, certificates_dossier FROM ybj_runtime;
  END IF;
END $$;
"""
UNDO = """
DROP TRIGGER certificates_dossier_stands ON certificates_dossier;
DROP TRIGGER certificates_certificate_condition ON certificates_certificate;
DROP TRIGGER certificates_certificate_stands ON certificates_certificate;
DROP FUNCTION certificates_dossier_guard();
DROP FUNCTION certificates_condition();
DROP FUNCTION certificates_certificate_guard();
"""


class Migration(migrations.Migration):
    dependencies = [("certificates", "0001_certificates_and_dossiers")]
    operations = [migrations.RunSQL(GUARDS, UNDO)]
