/*
 * store_position -- settings, secrets, and how far each chain was opened.
 */
#include "fieldkit/store.h"

/* --- settings and secrets ----------------------------------------------- */

static fault
get(struct stmt *s, const char *name, struct buf *out)
{
	bool row;
	fault f;

	buf_clear(out);
	stmt_text(s, 1, bytes_of(name));
	if ((f = stmt_step(s, &row)) == NULL && row)
		buf_add_bytes(out, stmt_get(s, 0));
	stmt_reset(s);
	return f;
}

static fault
put(struct stmt *s, const char *name, struct bytes value)
{
	stmt_text(s, 1, bytes_of(name));
	stmt_blob(s, 2, value);
	return stmt_run(s);
}

fault
store_get(struct store *st, const char *name, struct buf *out)
{
	return get(db_prepare(st->db,
	    "SELECT value FROM setting WHERE name = ?"), name, out);
}

fault
store_set(struct store *st, const char *name, struct bytes value)
{
	return put(db_prepare(st->db,
	    "INSERT OR REPLACE INTO setting VALUES(?, ?)"), name, value);
}

fault
store_secret_get(struct store *st, const char *name, struct buf *out)
{
	return get(db_prepare(st->db,
	    "SELECT value FROM secret WHERE name = ?"), name, out);
}

fault
store_secret_put(struct store *st, const char *name, struct bytes value)
{
	return put(db_prepare(st->db,
	    "INSERT OR REPLACE INTO secret VALUES(?, ?)"), name, value);
}

/* --- positions ---------------------------------------------------------- */

fault
store_opened(struct store *st, const struct id *device, uint64_t *seq)
{
	struct stmt *s;
	int64_t ref;
	bool row;
	fault f;

	*seq = 0;
	if ((f = device_find(st->db, device, &ref)) != NULL || ref == 0)
		return f;
	s = db_prepare(st->db, "SELECT seq FROM opened WHERE device = ?");
	stmt_int(s, 1, ref);
	if ((f = stmt_step(s, &row)) == NULL && row)
		*seq = (uint64_t)stmt_get_int(s, 0);
	stmt_reset(s);
	return f;
}

fault
store_set_opened(struct store *st, const struct id *device, uint64_t seq)
{
	struct stmt *s;
	int64_t ref;
	fault f;

	if ((f = db_begin(st->db)) != NULL)
		return f;
	if ((f = device_ref(st->db, device, &ref)) == NULL) {
		s = db_prepare(st->db,
		    "INSERT OR REPLACE INTO opened VALUES(?, ?)");
		stmt_int(s, 1, ref);
		stmt_int(s, 2, (int64_t)seq);
		f = stmt_run(s);
	}
	return db_end(st->db, f);
}

fault
store_last_clock(struct store *st, const struct id *device, uint64_t *clock)
{
	struct stmt *s = db_prepare(st->db, "SELECT body FROM change WHERE "
	    "device = (SELECT ref FROM device WHERE id = ?) "
	    "ORDER BY n DESC LIMIT 1");
	struct change c;
	bool row;
	fault f;

	*clock = 0;
	stmt_blob(s, 1, (struct bytes){ device->b, sizeof device->b });
	if ((f = stmt_step(s, &row)) != NULL || !row)
		return f;
	if ((f = change_decode(&c, stmt_get(s, 0))) == NULL) {
		*clock = c.clock;
		change_free(&c);
	}
	stmt_reset(s);
	return f;
}
