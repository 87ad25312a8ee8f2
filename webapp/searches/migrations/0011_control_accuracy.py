from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("searches", "0010_comparisons")]

    operations = [
        migrations.AddField("search", "control_accuracy", models.FloatField(blank=True, null=True)),
    ]
