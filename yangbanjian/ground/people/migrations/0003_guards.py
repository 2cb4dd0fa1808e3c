from django.db import migrations

GUARDS = """
ALTER TABLE people_token ADD CONSTRAINT token_digest_is_sha256 CHECK (digest ~ '^[0-9a-f]{64}$');
ALTER TABLE people_invitation ADD CONSTRAINT invitation_digest_is_sha256 CHECK (digest ~ '^[0-9a-f]{64}$');
ALTER TABLE people_recovery_code ADD CONSTRAINT recovery_digest_is_sha256 CHECK (digest ~ '^[0-9a-f]{64}$');
ALTER TABLE people_membership ADD CONSTRAINT membership_period_not_empty
  CHECK (NOT isempty(period) AND NOT lower_inf(period));
ALTER TABLE people_person ADD CONSTRAINT person_erased_is_empty CHECK (
  erased_at IS NULL OR (NOT is_active AND email IS NULL AND name = '' AND phone = '' AND totp_secret = ''));
ALTER TABLE people_person ADD CONSTRAINT person_second_factor_has_secret CHECK (
  totp_confirmed_at IS NULL OR totp_secret <> '');

-- What is erased stays erased.
CREATE FUNCTION people_person_stays_erased() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.erased_at IS NOT NULL AND NEW.erased_at IS DISTINCT FROM OLD.erased_at THEN
    RAISE EXCEPTION 'an erased person stays erased' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER people_person_stays_erased BEFORE UPDATE ON people_person
  FOR EACH ROW EXECUTE FUNCTION people_person_stays_erased();

-- Demo accounts and organisations can't exist outside a sandbox.
CREATE FUNCTION people_demo_only_in_sandbox() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.is_demo AND NOT EXISTS (SELECT FROM clock_installation WHERE is_sandbox) THEN
    RAISE EXCEPTION 'demo accounts exist in a sandbox only' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER people_person_demo BEFORE INSERT OR UPDATE OF is_demo ON people_person
  FOR EACH ROW EXECUTE FUNCTION people_demo_only_in_sandbox();
CREATE TRIGGER people_organisation_demo BEFORE INSERT OR UPDATE OF is_demo ON people_organisation
  FOR EACH ROW EXECUTE FUNCTION people_demo_only_in_sandbox();
"""
UNDO = """
DROP TRIGGER people_organisation_demo ON people_organisation;
DROP TRIGGER people_person_demo ON people_person;
DROP FUNCTION people_demo_only_in_sandbox();
DROP TRIGGER people_person_stays_erased ON people_person;
DROP FUNCTION people_person_stays_erased();
ALTER TABLE people_person DROP CONSTRAINT person_second_factor_has_secret;
ALTER TABLE people_person DROP CONSTRAINT person_erased_is_empty;
ALTER TABLE people_membership DROP CONSTRAINT membership_period_not_empty;
ALTER TABLE people_recovery_code DROP CONSTRAINT recovery_digest_is_sha256;
ALTER TABLE people_invitation DROP CONSTRAINT invitation_digest_is_sha256;
ALTER TABLE people_token DROP CONSTRAINT token_digest_is_sha256;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("people", "0002_second_factor_and_letters"),
        ("clock", "0001_installation"),
    ]
    operations = [migrations.RunSQL(GUARDS, UNDO)]
