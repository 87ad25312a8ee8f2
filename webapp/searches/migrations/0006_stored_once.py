from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("searches", "0005_result")]

    operations = [
        migrations.RemoveField("trial", name) for name in ("record", "transformations", "curve")
    ]
