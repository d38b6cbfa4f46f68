#include "fieldkit/record.h"

#include <stdlib.h>
#include <string.h>

fault
device_find(struct db *db, const struct id *id, int64_t *ref)
{
	struct stmt *s = db_prepare(db, "SELECT ref FROM device WHERE id = ?");
	bool row;
	fault f;

	*ref = 0;
	stmt_blob(s, 1, (struct bytes){ id->b, sizeof id->b });
	if ((f = stmt_step(s, &row)) == NULL && row)
		*ref = stmt_get_int(s, 0);
	stmt_reset(s);
	return f;
}

fault
device_ref(struct db *db, const struct id *id, int64_t *ref)
{
	struct stmt *s;
	fault f;

	if ((f = device_find(db, id, ref)) != NULL || *ref != 0)
		return f;
	s = db_prepare(db, "INSERT INTO device(id) VALUES(?)");
	stmt_blob(s, 1, (struct bytes){ id->b, sizeof id->b });
	if ((f = stmt_run(s)) == NULL)
		*ref = db_last_id(db);
	return f;
}

/* --- loading ------------------------------------------------------------ */

static int
by_dot(const void *a, const void *b)
{
	const struct change *x = a, *y = b;

	return dot_cmp(&x->dot, &y->dot);
}

/* Bodies behind each other in text; ends[i] is where the i-th ends. */
static fault
load_bodies(struct record *r, struct db *db, size_t **ends, size_t *n)
{
	struct stmt *s = db_prepare(db,
	    "SELECT body FROM change WHERE record = ?");
	bool row;
	fault f;

	stmt_blob(s, 1, (struct bytes){ r->id.b, sizeof r->id.b });
	while ((f = stmt_step(s, &row)) == NULL && row) {
		buf_add_bytes(&r->text, stmt_get(s, 0));
		if ((*n & (*n - 1)) == 0)
			*ends = mem_grow(*ends,
			    (*n == 0 ? 1 : *n * 2) * sizeof **ends);
		(*ends)[(*n)++] = r->text.len;
	}
	stmt_reset(s);
	return f;
}

static fault
decode_bodies(struct record *r, const size_t *ends, size_t n)
{
	char hex[ID_HEX];
	size_t at = 0;
	fault f;

	r->changes = mem_new(n * sizeof *r->changes);
	for (size_t i = 0; i < n; at = ends[i++]) {
		f = change_decode(&r->changes[i],
		    (struct bytes){ r->text.at + at, ends[i] - at });
		if (f != NULL)
			return fault_new(FAULT_TRUST, "record %s: a stored "
			    "change is damaged; 'fieldkit doctor' says more",
			    id_hex(hex, &r->id));
		r->nchanges++;
	}
	if (n > 1)
		qsort(r->changes, n, sizeof *r->changes, by_dot);
	return NULL;
}

/* The creation is the creator's first change; it may not have come yet. */
static const struct change *
creation(const struct record *r)
{
	for (size_t i = 0; i < r->nchanges; i++)
		if (id_eq(&r->changes[i].dot.device,
		    &r->changes[i].index.creator))
			return &r->changes[i];
	return &r->changes[0];
}

static void
merge_changes(struct record *r)
{
	const struct change **list = mem_new(r->nchanges * sizeof *list);

	for (size_t i = 0; i < r->nchanges; i++)
		list[i] = &r->changes[i];
	merge(&r->merged, list, r->nchanges);
	free(list);
	r->index = creation(r)->index;
	r->type = creation(r)->type;
}

fault
record_load(struct record *out, struct db *db, const struct id *id)
{
	struct record r = { .id = *id };
	size_t *ends = NULL, n = 0;
	fault f;

	*out = (struct record){ .id = *id };
	if ((f = load_bodies(&r, db, &ends, &n)) != NULL || n == 0)
		goto done;
	if ((f = decode_bodies(&r, ends, n)) != NULL)
		goto done;
	merge_changes(&r);
	*out = r;
	r = (struct record){ .nchanges = 0 };
done:
	record_free(&r);
	free(ends);
	return f;
}

void
record_of(struct record *out, struct change *c)
{
	struct record r = { .id = c->record, .changes = c, .nchanges = 1,
	    .borrowed = true };

	merge_changes(&r);
	*out = r;
}

void
record_free(struct record *r)
{
	merged_free(&r->merged);
	for (size_t i = 0; !r->borrowed && i < r->nchanges; i++)
		change_free(&r->changes[i]);
	if (!r->borrowed)
		free(r->changes);
	buf_free(&r->text);
	*r = (struct record){ .nchanges = 0 };
}

void
record_text(struct buf *out, const struct record *r)
{
	const struct merged *m = &r->merged;

	for (size_t i = 0; i < m->nfields; i++)
		for (size_t k = 0; k < m->fields[i].nitems; k++) {
			if (m->fields[i].items[k].withheld)
				continue;
			buf_add_bytes(out, m->fields[i].items[k].value);
			put_u8(out, '\n');
		}
}

/* --- the row ------------------------------------------------------------ */

enum { CREATOR, IDX, WITHDRAWN, CONFLICTS, NEWEST, NCHANGES, NUMBERS };

struct row {
	int64_t		number[NUMBERS];
	struct bytes	type;
};

static void
row_make(struct row *row, const struct record *r, int64_t creator)
{
	uint64_t newest = r->merged.newest;

	*row = (struct row){ .type = r->type };
	row->number[CREATOR] = creator;
	row->number[IDX] = r->index.n;
	row->number[WITHDRAWN] = r->merged.withdrawn;
	row->number[CONFLICTS] = (int64_t)r->merged.conflicts;
	/* A clock may claim anything; SQLite's numbers have a sign. */
	row->number[NEWEST] = newest > INT64_MAX ? INT64_MAX : (int64_t)newest;
	row->number[NCHANGES] = (int64_t)r->nchanges;
}

fault
record_row_put(struct db *db, const struct record *r, int64_t creator)
{
	struct stmt *s;
	struct row row;

	row_make(&row, r, creator);
	s = db_prepare(db, "INSERT OR REPLACE INTO record(id, type, creator, "
	    "idx, withdrawn, conflicts, newest, nchanges) "
	    "VALUES(?, ?, ?, ?, ?, ?, ?, ?)");
	stmt_blob(s, 1, (struct bytes){ r->id.b, sizeof r->id.b });
	stmt_blob(s, 2, row.type);
	for (int i = 0; i < NUMBERS; i++)
		stmt_int(s, 3 + i, row.number[i]);
	return stmt_run(s);
}

fault
record_row_check(struct db *db, const struct record *r, bool *same)
{
	struct stmt *s;
	struct row row;
	int64_t creator;
	fault f;

	*same = false;
	if ((f = device_find(db, &r->index.creator, &creator)) != NULL)
		return f;
	row_make(&row, r, creator);
	s = db_prepare(db, "SELECT type, creator, idx, withdrawn, conflicts, "
	    "newest, nchanges FROM record WHERE id = ?");
	stmt_blob(s, 1, (struct bytes){ r->id.b, sizeof r->id.b });
	if ((f = stmt_step(s, same)) != NULL || !*same)
		return f;
	*same = bytes_eq(stmt_get(s, 0), row.type);
	for (int i = 0; i < NUMBERS; i++)
		if (stmt_get_int(s, 1 + i) != row.number[i])
			*same = false;
	stmt_reset(s);
	return NULL;
}
