"""Events move into the logs that all topics have."""

from django.db import migrations

COPY = (
    "INSERT INTO live_log (kind, topic_id, last_sequence, changed_at)"
    " SELECT 'search', id, last_sequence, created_at FROM searches_search",
    "INSERT INTO live_event (log_id, sequence, kind, payload, at)"
    " SELECT l.id, e.sequence, e.kind, e.payload, e.at FROM searches_searchevent e"
    " JOIN live_log l ON l.kind = 'search' AND l.topic_id = e.search_id",
)


class Migration(migrations.Migration):
    dependencies = [("searches", "0001_initial"), ("live", "0001_initial")]

    operations = [
        *(migrations.RunSQL(statement, migrations.RunSQL.noop) for statement in COPY),
        migrations.DeleteModel("SearchEvent"),
        migrations.RemoveField("search", "last_sequence"),
    ]
