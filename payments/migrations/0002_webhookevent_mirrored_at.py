from django.db import migrations, models
from django.db.models import F


def copy_marks(apps, schema_editor):
    """Until now an event counted as worked on when its mirror was up to date as well."""
    events = apps.get_model("payments", "WebhookEvent").objects.using(schema_editor.connection.alias)
    events.filter(handled_at__isnull=False).update(mirrored_at=F("handled_at"))


class Migration(migrations.Migration):
    dependencies = [("payments", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="webhookevent",
            name="mirrored_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.RunPython(copy_marks, migrations.RunPython.noop),
    ]
