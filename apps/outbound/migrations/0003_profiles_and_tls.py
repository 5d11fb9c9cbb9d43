from __future__ import annotations

from django.db import migrations, models

import apps.outbound.validators


class Migration(migrations.Migration):
    dependencies = [
        ("outbound", "0002_lists_of_messages"),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="outboundmessage",
            name="outbound_delivered",
        ),
        migrations.AddField(
            model_name="destination",
            name="character_set",
            field=models.CharField(
                blank=True,
                choices=[
                    ("ASCII", "ASCII: accents are left out"),
                    ("8859/1", "8859/1, Western Europe"),
                    ("8859/2", "8859/2, Central Europe"),
                    ("8859/5", "8859/5, Cyrillic"),
                    ("8859/6", "8859/6, Arabic"),
                    ("8859/7", "8859/7, Greek"),
                    ("8859/8", "8859/8, Hebrew"),
                    ("8859/9", "8859/9, Turkish"),
                    ("8859/15", "8859/15, Western Europe with the euro"),
                    ("UNICODE UTF-8", "UNICODE UTF-8, everything"),
                    ("~ISO IR87", "~ISO IR87, Japanese (ISO-2022-JP)"),
                    ("~ISO IR87~ISO IR159", "~ISO IR87~ISO IR159, Japanese with more kanji"),
                    ("GB 18030-2000", "GB 18030-2000, Chinese"),
                    ("BIG-5", "BIG-5, traditional Chinese"),
                    ("KS X 1001", "KS X 1001, Korean"),
                ],
                db_default="",
                default="",
                help_text="MSH-18; empty: the order's.",
                max_length=32,
            ),
        ),
        migrations.AddField(
            model_name="destination",
            name="message_type",
            field=models.CharField(
                choices=[
                    ("ORU^R01", "ORU^R01, a result message"),
                    ("ORM^O01", "ORM^O01, an order message: status changed"),
                    ("OMI^O23", "OMI^O23, an imaging order message: status changed"),
                ],
                db_default="ORU^R01",
                default="ORU^R01",
                max_length=16,
            ),
        ),
        migrations.AddField(
            model_name="destination",
            name="sending_application",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="Empty: ASSIGNMENT_ENGINE.",
                max_length=200,
            ),
        ),
        migrations.AddField(
            model_name="destination",
            name="sending_facility",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="Empty: ENTERPRISE.",
                max_length=200,
            ),
        ),
        migrations.AddField(
            model_name="destination",
            name="separators",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="MSH-1 and MSH-2 in one; empty: the order's.",
                max_length=6,
                validators=[apps.outbound.validators.validate_separators],
            ),
        ),
        migrations.AddField(
            model_name="destination",
            name="shows_certificate",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text="Show our client certificate (HL7_CLIENT_CERT).",
            ),
        ),
        migrations.AddField(
            model_name="destination",
            name="tells_waiting",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text="Tell of orders that are held, parked or have not found a reader, too.",
            ),
        ),
        migrations.AddField(
            model_name="destination",
            name="tls_authority",
            field=models.TextField(
                blank=True,
                db_default="",
                default="",
                help_text="Certificates in PEM that may sign the destination's; empty: the system's.",
                validators=[apps.outbound.validators.validate_authority],
            ),
        ),
        migrations.AddField(
            model_name="destination",
            name="tls_server_name",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="The name that its certificate must hold; empty: the host.",
                max_length=253,
            ),
        ),
        migrations.AddField(
            model_name="destination",
            name="uses_tls",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name="destination",
            name="version",
            field=models.CharField(
                choices=[
                    ("2.3", "2.3"),
                    ("2.3.1", "2.3.1"),
                    ("2.4", "2.4"),
                    ("2.5", "2.5"),
                    ("2.5.1", "2.5.1"),
                    ("2.6", "2.6"),
                    ("2.7", "2.7"),
                    ("2.7.1", "2.7.1"),
                    ("2.8", "2.8"),
                ],
                db_default="2.5.1",
                default="2.5.1",
                max_length=8,
            ),
        ),
        migrations.AddField(
            model_name="destination",
            name="with_obr_32",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name="destination",
            name="with_prt",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name="destination",
            name="with_structure",
            field=models.BooleanField(
                db_default=False, default=False, help_text="Write MSH-9.3, such as ORU_R01."
            ),
        ),
        migrations.AddField(
            model_name="destination",
            name="with_zra",
            field=models.BooleanField(db_default=True, default=True),
        ),
        migrations.AlterField(
            model_name="outboundmessage",
            name="kind",
            field=models.CharField(
                choices=[
                    ("waiting", "Waits for a reader"),
                    ("assigned", "Assigned"),
                    ("reassigned", "Reassigned"),
                    ("unassigned", "Unassigned"),
                    ("cancelled", "Cancelled"),
                ],
                max_length=16,
            ),
        ),
        migrations.AddConstraint(
            model_name="destination",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("with_zra", True), ("with_obr_32", True), ("with_prt", True), _connector="OR"
                ),
                name="destination_is_told_who_reads",
                violation_error_message="Say who reads in at least one place: ZRA, OBR-32 or PRT.",
            ),
        ),
    ]
