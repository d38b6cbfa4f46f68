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
	return stem_start(db);
}

static fault
is_there(struct db *db, bool *there)
{
	struct stmt *s = db_prepare(db,
	    "SELECT 1 FROM sqlite_schema WHERE name = 'words'");
	fault f = stmt_step(s, there);

	stmt_reset(s);
	return f;
}

static fault
make_tables(struct db *db)
{
	bool there;
	fault f;

	if ((f = is_there(db, &there)) != NULL || there)
		return f;
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

/* All there are, if there is no index. */
static fault
read_dues(struct store *st, struct dues *d, bool index)
{
	struct stmt *s = db_prepare(st->db, index ? "SELECT max(pos), record "
	    "FROM change WHERE pos > ifnull((SELECT max(doc) FROM doc), 0) "
	    "GROUP BY record ORDER BY 1" : "SELECT max(pos), record "
	    "FROM change GROUP BY record ORDER BY 1");
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

static fault
standing_text(struct store *st, const struct due *due, struct buf *room,
    struct bytes *text)
{
	struct record r;
	fault f;

	if (store_batch_text(st, due->pos, &due->id, text))
		return NULL;
	if ((f = record_load(&r, st->db, &due->id)) != NULL)
		return f;
	buf_clear(room);
	record_text(room, &r);
	record_free(&r);
	*text = buf_view(room);
	return NULL;
}

static fault
index_one(struct store *st, const struct due *due, struct buf *room)
{
	struct bytes text;
	struct stmt *s;
	fault f;

	if ((f = standing_text(st, due, room, &text)) != NULL)
		return f;
	s = db_prepare(st->db, "INSERT INTO words(rowid, text) VALUES(?, ?)");
	stmt_int(s, 1, due->pos);
	stmt_text(s, 2, text);
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
	struct buf room = BUF_EMPTY;
	struct dues d = { NULL, 0 };
	bool due;
	fault f;

	if ((f = make_tables(st->db)) != NULL ||
	    (f = is_due(st, &due)) != NULL || !due)
		return f;
	if ((f = db_begin(st->db)) != NULL)
		return f;
	f = read_dues(st, &d, true);
	for (size_t i = 0; f == NULL && i < d.n; i++)
		f = index_one(st, &d.at[i], &room);
	if (f == NULL)
		f = note_indexed(st->db);
	store_batch_forget(st);
	free(d.at);
	buf_free(&room);
	return db_end(st->db, f);
}

fault
search_rebuild(struct store *st)
{
	fault f;

	if ((f = make_tables(st->db)) != NULL || (f = db_begin(st->db)) != NULL)
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

struct seek {			/* one search */
	struct store	*st;
	struct stem	*stem;
	struct snippet_terms terms;
	size_t		limit;		/* 0: all */
	struct search_result found;
};

static bool
enough(const struct seek *k)
{
	return k->limit != 0 && k->found.n >= k->limit;
}

static void
add_hit(struct search_result *r, const struct id *id)
{
	if ((r->n & (r->n - 1)) == 0)
		r->hits = mem_grow(r->hits,
		    (r->n == 0 ? 1 : r->n * 2) * sizeof *r->hits);
	r->hits[r->n++] = (struct search_hit){ *id, NULL };
}

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
	    "WHERE doc = ?1 AND NOT withdrawn AND NOT EXISTS (SELECT 1 "
	    "FROM change WHERE record = doc.record AND pos > ?1)");
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
read_hits(struct seek *k)
{
	struct stmt *s = db_prepare(k->st->db, "SELECT rowid FROM words "
	    "WHERE words MATCH ? ORDER BY rank");
	struct buf query = BUF_EMPTY;
	struct id id;
	bool row, now;
	fault f = NULL;

	put_query(&query, &k->terms);
	stmt_text(s, 1, buf_view(&query));
	while (!enough(k) && (f = stmt_step(s, &row)) == NULL && row) {
		f = doc_record(k->st, stmt_get_int(s, 0), &id, &now);
		if (f != NULL)
			break;
		if (now)
			add_hit(&k->found, &id);
	}
	stmt_reset(s);
	buf_free(&query);
	return f;
}

static fault
scan_one(struct seek *k, const struct id *id)
{
	struct buf text = BUF_EMPTY;
	struct record r;
	bool all = false;
	fault f;

	if ((f = record_load(&r, k->st->db, id)) != NULL)
		return f;
	if (!r.merged.withdrawn) {
		record_text(&text, &r);
		f = snippet_all(&all, k->stem, &k->terms, buf_view(&text));
	}
	if (all)
		add_hit(&k->found, id);
	buf_wipe(&text);
	record_free(&r);
	return f;
}

/* What the index lacks is looked through, the newest first. */
static fault
scan(struct seek *k, bool index)
{
	struct dues d = { NULL, 0 };
	fault f = read_dues(k->st, &d, index);

	k->found.scanned = d.n;
	for (size_t i = d.n; f == NULL && i > 0 && !enough(k); i--)
		f = scan_one(k, &d.at[i - 1].id);
	free(d.at);
	return f;
}

/* All of it from one moment: a record that is indexed meanwhile would
 * otherwise be found twice. */
static fault
gather(struct seek *k)
{
	bool index;
	fault f;

	if ((f = db_begin_read(k->st->db)) != NULL)
		return f;
	if ((f = is_there(k->st->db, &index)) == NULL && k->found.behind)
		f = scan(k, index);
	if (f == NULL && index)
		f = read_hits(k);
	return db_end(k->st->db, f);
}

static fault
make_snippet(struct seek *k, struct search_hit *hit)
{
	struct buf out = BUF_EMPTY;
	struct record r;
	fault f;

	if ((f = record_load(&r, k->st->db, &hit->id)) != NULL)
		return f;
	if ((f = snippet(&out, k->stem, &k->terms, &r.merged)) == NULL)
		hit->snippet = mem_text(buf_cstr(&out));
	buf_free(&out);
	record_free(&r);
	return f;
}

/* Where the index cannot be written searching goes on; where it is damaged
 * it does not. */
static fault
update_or_note(struct seek *k)
{
	fault f = search_update(k->st);

	if (f == NULL || (f->code != FAULT_FAIL && f->code != FAULT_DENIED))
		return f;
	k->found.behind = true;
	k->found.why = *f;
	return NULL;
}

void
search_free(struct search_result *r)
{
	for (size_t i = 0; i < r->n; i++)
		free(r->hits[i].snippet);
	free(r->hits);
	*r = (struct search_result){ NULL, 0, false, 0, { 0 } };
}

fault
search(struct store *st, const char *words, size_t limit,
    struct search_result *out)
{
	struct seek k = { .st = st, .limit = limit };
	fault f;

	*out = k.found;
	if ((f = update_or_note(&k)) != NULL ||
	    (f = stem_new(&k.stem, st->db)) != NULL ||
	    (f = snippet_terms(&k.terms, k.stem, words)) != NULL)
		goto done;
	if (k.terms.n > 0)
		f = gather(&k);
	for (size_t i = 0; f == NULL && i < k.found.n; i++)
		f = make_snippet(&k, &k.found.hits[i]);
	if (f != NULL)
		goto done;
	*out = k.found;
	k.found.n = 0;
	k.found.hits = NULL;
done:
	search_free(&k.found);
	snippet_terms_free(&k.terms);
	stem_free(k.stem);
	return f;
}
