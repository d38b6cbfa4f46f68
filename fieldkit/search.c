#include "fieldkit/search.h"

#include <stdlib.h>

#include "fieldkit/snippet.h"

/*
 * words: the index, without the texts.  Its rows cannot be deleted (that
 * would take the text as it was), so each version of a record gets a row of
 * its own, and doc knows the current one; the others are passed over.  A row
 * is named by the position of the newest change that it was made from: what
 * lies above the greatest doc is not in the index yet.
 */
static const char tables[] =
    "CREATE TABLE IF NOT EXISTS doc ("
    "	doc	INTEGER PRIMARY KEY,"
    "	record	BLOB NOT NULL UNIQUE"
    ") STRICT;"
    "CREATE VIRTUAL TABLE IF NOT EXISTS words USING "
    "fts5(text, content='', tokenize='stem');"
    /* A leaf as large as a page holds; 4 MB of words before they are written;
     * sixteen such pieces are merged at once instead of some every time. */
    "INSERT INTO words(words, rank) VALUES('pgsz', 4000);"
    "INSERT INTO words(words, rank) VALUES('hashsize', 4194304);"
    "INSERT INTO words(words, rank) VALUES('automerge', 0);";

fault
search_start(struct db *db)
{
	struct stmt *s;
	bool row;
	fault f;

	if ((f = stem_start(db)) != NULL)
		return f;
	s = db_prepare(db, "SELECT 1 FROM sqlite_schema WHERE name = 'words'");
	if ((f = stmt_step(s, &row)) != NULL)
		return f;
	stmt_reset(s);
	if (row)
		return NULL;
	if ((f = db_begin(db)) != NULL)
		return f;
	return db_end(db, db_exec(db, tables));
}

/* --- bringing it up to date --------------------------------------------- */

struct due {			/* a record to index, as of pos */
	int64_t		pos;
	struct id	id;
};

struct dues {
	struct due	*at;
	size_t		n;
};

static fault
is_due(struct store *st, bool *due)
{
	struct stmt *s = db_prepare(st->db, "SELECT "
	    "ifnull((SELECT max(pos) FROM change), 0) > "
	    "ifnull((SELECT max(doc) FROM doc), 0)");
	fault f = stmt_step(s, due);

	*due = f == NULL && *due && stmt_get_int(s, 0) != 0;
	stmt_reset(s);
	return f;
}

static fault
read_dues(struct store *st, struct dues *d)
{
	struct stmt *s = db_prepare(st->db, "SELECT max(pos), record "
	    "FROM change WHERE pos > ifnull((SELECT max(doc) FROM doc), 0) "
	    "GROUP BY record ORDER BY 1");
	struct reader r;
	bool row;
	fault f;

	while ((f = stmt_step(s, &row)) == NULL && row) {
		if ((d->n & (d->n - 1)) == 0)
			d->at = mem_grow(d->at,
			    (d->n == 0 ? 1 : d->n * 2) * sizeof *d->at);
		d->at[d->n].pos = stmt_get_int(s, 0);
		r = reader_of(stmt_get(s, 1));
		get_copy(&r, d->at[d->n++].id.b, WIRE_ID_LEN);
	}
	stmt_reset(s);
	return f;
}

/* The texts of all that stands and can be read, a line each. */
static void
standing_text(struct buf *out, const struct merged *m)
{
	buf_clear(out);
	for (size_t i = 0; i < m->nfields; i++)
		for (size_t k = 0; k < m->fields[i].nitems; k++) {
			if (m->fields[i].items[k].withheld)
				continue;
			buf_add_bytes(out, m->fields[i].items[k].value);
			put_u8(out, '\n');
		}
}

static fault
index_one(struct store *st, const struct due *due, struct buf *text)
{
	struct record r;
	struct stmt *s;
	fault f;

	if ((f = record_load(&r, st->db, &due->id)) != NULL)
		return f;
	standing_text(text, &r.merged);
	record_free(&r);
	s = db_prepare(st->db, "INSERT INTO words(rowid, text) VALUES(?, ?)");
	stmt_int(s, 1, due->pos);
	stmt_text(s, 2, buf_view(text));
	return stmt_run(s);
}

/* In one go and last: a statement that SQLite may have to undo by itself, as
 * every REPLACE, makes FTS5 write out the few words that it has gathered. */
static fault
note_indexed(struct db *db)
{
	return stmt_run(db_prepare(db, "INSERT OR REPLACE INTO doc "
	    "SELECT max(pos), record FROM change "
	    "WHERE pos > ifnull((SELECT max(doc) FROM doc), 0) "
	    "GROUP BY record ORDER BY 1"));
}

fault
search_update(struct store *st)
{
	struct buf text = BUF_EMPTY;
	struct dues d = { NULL, 0 };
	bool due;
	fault f;

	if ((f = is_due(st, &due)) != NULL || !due)
		return f;
	if ((f = db_begin(st->db)) != NULL)
		return f;
	f = read_dues(st, &d);
	for (size_t i = 0; f == NULL && i < d.n; i++)
		f = index_one(st, &d.at[i], &text);
	if (f == NULL)
		f = note_indexed(st->db);
	free(d.at);
	buf_free(&text);
	return db_end(st->db, f);
}

fault
search_rebuild(struct store *st)
{
	fault f;

	if ((f = db_begin(st->db)) != NULL)
		return f;
	if ((f = db_exec(st->db, "DELETE FROM doc; "
	    "INSERT INTO words(words) VALUES('delete-all')")) == NULL)
		f = search_update(st);
	return db_end(st->db, f);
}

fault
search_check(struct store *st)
{
	struct stmt *s;
	bool row;
	fault f;

	if (db_exec(st->db,
	    "INSERT INTO words(words) VALUES('integrity-check')") != NULL)
		return fault_new(FAULT_TRUST, "the full-text index is "
		    "damaged; nothing else is; 'fieldkit doctor --rebuild' "
		    "makes it again");
	s = db_prepare(st->db, "SELECT (SELECT count(*) FROM record) <> "
	    "(SELECT count(*) FROM doc JOIN record ON record.id = doc.record)");
	if ((f = stmt_step(s, &row)) == NULL && row &&
	    stmt_get_int(s, 0) != 0)
		f = fault_new(FAULT_TRUST, "the full-text index does not "
		    "know every record; 'fieldkit doctor --rebuild' makes it "
		    "again");
	stmt_reset(s);
	return f;
}

/* --- searching ---------------------------------------------------------- */

/* The words again, in FTS5's language: all of them, the last with an open
 * end.  They are folded, so no quote is left in them. */
static void
put_query(struct buf *out, const struct snippet_terms *t)
{
	for (size_t i = 0; i < t->n; i++) {
		const struct snippet_term *w = &t->at[i];
		int n = (int)w->folded.len;
		const char *at = (const char *)w->folded.at;

		if (i > 0)
			buf_text(out, " AND ");
		if (w->open)
			buf_text(out, "(\"%.*s\" OR \"%.*s\" *)", n, at, n,
			    at);
		else
			buf_text(out, "\"%.*s\"", n, at);
	}
}


/* The record of a row of the index; *row false: an old version, or one that
 * is withdrawn. */
static fault
doc_record(struct store *st, int64_t doc, struct id *id, bool *row)
{
	struct stmt *s = db_prepare(st->db, "SELECT record FROM doc "
	    "JOIN record ON record.id = doc.record "
	    "WHERE doc = ? AND NOT withdrawn");
	struct reader r;
	fault f;

	stmt_int(s, 1, doc);
	if ((f = stmt_step(s, row)) != NULL || !*row)
		return f;
	r = reader_of(stmt_get(s, 0));
	get_copy(&r, id->b, sizeof id->b);
	stmt_reset(s);
	return NULL;
}

static fault
read_hits(struct store *st, struct bytes query, size_t limit,
    struct search_hit **hits, size_t *n)
{
	struct stmt *s = db_prepare(st->db, "SELECT rowid FROM words "
	    "WHERE words MATCH ? ORDER BY rank");
	struct id id;
	bool row, now;
	fault f = NULL;

	stmt_text(s, 1, query);
	while ((limit == 0 || *n < limit) &&
	    (f = stmt_step(s, &row)) == NULL && row) {
		f = doc_record(st, stmt_get_int(s, 0), &id, &now);
		if (f != NULL)
			break;
		if (!now)
			continue;
		if ((*n & (*n - 1)) == 0)
			*hits = mem_grow(*hits,
			    (*n == 0 ? 1 : *n * 2) * sizeof **hits);
		(*hits)[(*n)++] = (struct search_hit){ id, NULL };
	}
	stmt_reset(s);
	return f;
}

static fault
make_snippet(struct store *st, struct stem *stem,
    const struct snippet_terms *terms, struct search_hit *hit)
{
	struct buf out = BUF_EMPTY;
	struct record r;
	fault f;

	if ((f = record_load(&r, st->db, &hit->id)) != NULL)
		return f;
	if ((f = snippet(&out, stem, terms, &r.merged)) == NULL)
		hit->snippet = mem_text(buf_cstr(&out));
	buf_free(&out);
	record_free(&r);
	return f;
}

void
search_hits_free(struct search_hit *hits, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(hits[i].snippet);
	free(hits);
}

fault
search(struct store *st, const char *words, size_t limit,
    struct search_hit **out, size_t *n)
{
	struct snippet_terms terms = { .n = 0 };
	struct search_hit *hits = NULL;
	struct stem *stem = NULL;
	struct buf query = BUF_EMPTY;
	size_t found = 0;
	fault f;

	*out = NULL;
	*n = 0;
	if ((f = search_update(st)) != NULL ||
	    (f = stem_new(&stem, st->db)) != NULL ||
	    (f = snippet_terms(&terms, stem, words)) != NULL || terms.n == 0)
		goto done;
	put_query(&query, &terms);
	if ((f = read_hits(st, buf_view(&query), limit, &hits, &found)) != NULL)
		goto done;
	for (size_t i = 0; f == NULL && i < found; i++)
		f = make_snippet(st, stem, &terms, &hits[i]);
	if (f != NULL)
		goto done;
	*out = hits;
	*n = found;
	hits = NULL;
done:
	search_hits_free(hits, hits == NULL ? 0 : found);
	snippet_terms_free(&terms);
	stem_free(stem);
	buf_free(&query);
	return f;
}
