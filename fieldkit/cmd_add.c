/*
 * add, edit, withdraw -- what a worker writes.
 */
#include "fieldkit/cmds.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fieldkit/progress.h"
#include "sync/base/clock.h"

#define FROM_MAX (256u << 20)	/* a file of records */
#define LINE_MAX_BYTES (4u << 20)

/* Give the new record its id and index, and store it. */
static fault
store_new(struct ctx *c, struct edit *e)
{
	struct store *st = &c->home.store;
	fault f;

	e->change.record = id_record(clock_wall_ms());
	if ((f = store_next_index(st, &e->change.index)) != NULL)
		return f;
	return store_put(st, &e->change, NULL);
}

static void
say_added(struct ctx *c, const struct edit *e)
{
	struct json_out w = json_writer(&c->out);
	char hex[ID_HEX];

	if (!c->json) {
		buf_text(&c->out, "%s\n", id_hex(hex, &e->change.record));
		return;
	}
	json_open(&w, '{');
	json_key(&w, "id");
	json_put_text(&w, id_hex(hex, &e->change.record));
	json_close(&w);
	buf_text(&c->out, "\n");
}

static fault
add_one(struct ctx *c, struct bytes type, const struct assign *as, size_t n)
{
	struct editor ed = cmd_editor(c);
	struct edit e = EDIT_EMPTY;
	fault f = edit_create(&e, &ed, type, as, n);

	if (f == NULL)
		f = store_new(c, &e);
	if (f == NULL)
		say_added(c, &e);
	edit_free(&e);
	return f;
}

/* --- from arguments ----------------------------------------------------- */

static fault
parse_assigns(struct ctx *c, struct assign **out, size_t *n)
{
	struct assign *as = mem_new((size_t)c->nargs * sizeof *as);
	fault f = NULL;

	*n = 0;
	for (int i = 1; f == NULL && i < c->nargs; i++)
		f = assign_parse(&as[(*n)++], c->args[i]);
	if (f != NULL)
		free(as);
	else
		*out = as;
	return f;
}

static fault
add_arguments(struct ctx *c)
{
	struct assign *as = NULL;
	size_t n = 0;
	fault f;

	if ((f = parse_assigns(c, &as, &n)) != NULL)
		return f;
	for (size_t i = 0; f == NULL && i < n; i++)
		if (as[i].op == ASSIGN_REMOVE)
			f = fault_new(FAULT_USAGE, "a new record has nothing "
			    "to remove");
	if (f == NULL && (f = db_begin(c->home.db)) == NULL)
		f = db_end(c->home.db, add_one(c, bytes_of(c->args[0]), as,
		    n));
	/* What was not saved has no name. */
	if (f != NULL)
		buf_clear(&c->out);
	free(as);
	return f;
}

/* --- from JSON Lines ---------------------------------------------------- */

struct row {			/* one line's assignments, and their texts */
	struct assign	*as;
	size_t		n;
	char		**held;
	size_t		nheld;
};

static void
row_free(struct row *r)
{
	for (size_t i = 0; i < r->nheld; i++)
		free(r->held[i]);
	free(r->held);
	free(r->as);
}

/* A scalar as the text that `add FIELD=VALUE` would take. */
static fault
scalar(struct row *r, const struct json *j, const char *key,
    struct bytes *out)
{
	struct buf b = BUF_EMPTY;

	switch (json_type(j)) {
	case JSON_TEXT:
		*out = json_text(j);
		return NULL;
	case JSON_BOOL:
		*out = bytes_of(json_bool(j) ? "true" : "false");
		return NULL;
	case JSON_INT:
		buf_text(&b, "%lld", (long long)json_int(j));
		r->held = mem_grow(r->held,
		    (r->nheld + 1) * sizeof *r->held);
		r->held[r->nheld++] = (char *)(uintptr_t)buf_cstr(&b);
		*out = buf_view(&b);
		return NULL;
	case JSON_NULL:
		*out = BYTES_EMPTY;
		return NULL;
	default:
		return fault_new(FAULT_INVALID, "%s: is not text, a whole "
		    "number, true, false or a list of these", key);
	}
}

static fault
row_member(struct row *r, const char *key, const struct json *j)
{
	size_t n = json_type(j) == JSON_LIST ? json_count(j) : 1;
	fault f = NULL;

	r->as = mem_grow(r->as, (r->n + n + 1) * sizeof *r->as);
	for (size_t i = 0; f == NULL && i < n; i++) {
		struct assign *a = &r->as[r->n];
		bool list = json_type(j) == JSON_LIST;

		a->field = bytes_of(key);
		a->op = list ? ASSIGN_ADD : ASSIGN_SET;
		f = scalar(r, list ? json_at(j, i) : j, key, &a->value);
		r->n += f == NULL;
	}
	return f;
}

static fault
row_parse(struct row *r, const struct json *j)
{
	fault f = NULL;

	if (json_type(j) != JSON_OBJECT)
		return fault_new(FAULT_INVALID, "is not a JSON object");
	for (size_t i = 0; f == NULL && i < json_count(j); i++) {
		const char *key;
		const struct json *v = json_member(j, i, &key);

		if (strcmp(key, "type") != 0)
			f = row_member(r, key, v);
	}
	return f;
}

static fault
add_line(struct ctx *c, struct bytes line)
{
	struct row r = { .n = 0 };
	struct json *j = NULL;
	fault f;

	if ((f = json_parse(&j, line)) == NULL &&
	    (f = row_parse(&r, j)) == NULL)
		f = add_one(c, bytes_of(c->args[0]), r.as, r.n);
	row_free(&r);
	json_free(j);
	return f;
}

static fault
add_lines(struct ctx *c, struct bytes all)
{
	struct progress_bar bar;
	size_t line = 0;
	fault f = NULL;

	progress_begin(&bar, "saving");
	for (size_t at = 0, n; f == NULL && at < all.len; at += n + 1) {
		const uint8_t *nl = memchr(all.at + at, '\n', all.len - at);
		struct bytes one;

		progress_step(&bar, at, all.len);

		n = nl == NULL ? all.len - at : (size_t)(nl - all.at) - at;
		one = (struct bytes){ all.at + at, n };
		line++;
		if (n == 0 || (n == 1 && one.at[0] == '\r'))
			continue;
		if (n > LINE_MAX_BYTES)
			f = fault_new(FAULT_INVALID, "is longer than %u bytes",
			    LINE_MAX_BYTES);
		else
			f = add_line(c, one);
		if (f != NULL && f->code == FAULT_INVALID)
			f = fault_while(f, "line %zu (nothing was saved)",
			    line);
		else
			f = fault_while(f, "line %zu", line);
	}
	progress_end(&bar);
	return f;
}

/* Some editors begin a file with a byte order mark. */
static struct bytes
without_mark(const struct buf *all)
{
	struct bytes b = buf_view(all);

	if (b.len >= 3 && memcmp(b.at, "\xef\xbb\xbf", 3) == 0)
		b = (struct bytes){ b.at + 3, b.len - 3 };
	return b;
}

/* All or nothing: one transaction. */
static fault
add_from(struct ctx *c, const char *path)
{
	struct buf all = BUF_EMPTY;
	fault f;

	if (c->nargs != 1)
		return fault_new(FAULT_USAGE, "--from takes the fields from "
		    "the file: give only the type");
	f = strcmp(path, "-") == 0 ? file_read_fd(&all, STDIN_FILENO,
	    FROM_MAX) : file_read(&all, path, FROM_MAX);
	if (f == NULL && (f = db_begin(c->home.db)) == NULL)
		f = db_end(c->home.db, add_lines(c, without_mark(&all)));
	if (f != NULL)
		buf_clear(&c->out);
	buf_wipe(&all);
	return f;
}

fault
cmd_add(struct ctx *c)
{
	fault f = cmd_unlock(c);

	if (f != NULL)
		return f;
	if (option(c, "from") != NULL)
		return add_from(c, option(c, "from"));
	return add_arguments(c);
}

/* --- edit and withdraw -------------------------------------------------- */

static void
say_changed(struct ctx *c, const struct edit *e)
{
	struct json_out w = json_writer(&c->out);
	char hex[ID_HEX];

	if (!c->json) {
		out(c, "changed %s\n", id_hex(hex, &e->change.record));
		return;
	}
	json_open(&w, '{');
	json_key(&w, "id");
	json_put_text(&w, id_hex(hex, &e->change.record));
	json_key(&w, "changed");
	json_open(&w, '[');
	for (size_t i = 0; i < e->change.nfields; i++)
		if (!bytes_is(e->change.fields[i].name, FIELD_REASON))
			json_put_bytes(&w, e->change.fields[i].name);
	json_close(&w);
	json_close(&w);
	buf_text(&c->out, "\n");
}

static fault
edit_one(struct ctx *c, const struct assign *as, size_t n)
{
	struct editor ed = cmd_editor(c);
	struct record r = { .nchanges = 0 };
	struct edit e = EDIT_EMPTY;
	fault f;

	if ((f = cmd_record(c, c->args[0], &r)) != NULL)
		return f;
	if ((f = edit_record(&e, &ed, &r, as, n)) == NULL) {
		edit_reason(&e, option(c, "reason"));
		f = store_put(&c->home.store, &e.change, NULL);
	}
	if (f == NULL)
		say_changed(c, &e);
	edit_free(&e);
	record_free(&r);
	return f;
}

fault
cmd_edit(struct ctx *c)
{
	struct assign *as = NULL;
	size_t n = 0;
	fault f;

	if ((f = parse_assigns(c, &as, &n)) != NULL)
		return f;
	if ((f = cmd_unlock(c)) == NULL && (f = db_begin(c->home.db)) == NULL)
		f = db_end(c->home.db, edit_one(c, as, n));
	free(as);
	return f;
}

static fault
withdraw_one(struct ctx *c)
{
	struct editor ed = cmd_editor(c);
	struct record r = { .nchanges = 0 };
	struct edit e = EDIT_EMPTY;
	fault f;

	if ((f = cmd_record(c, c->args[0], &r)) != NULL)
		return f;
	if ((f = edit_withdraw(&e, &ed, &r, option_given(c, "undo"))) ==
	    NULL) {
		edit_reason(&e, option(c, "reason"));
		f = store_put(&c->home.store, &e.change, NULL);
	}
	if (f == NULL)
		say_changed(c, &e);
	edit_free(&e);
	record_free(&r);
	return f;
}

fault
cmd_withdraw(struct ctx *c)
{
	fault f;

	if ((option(c, "reason") == NULL || *option(c, "reason") == '\0') &&
	    !option_given(c, "undo"))
		return fault_new(FAULT_USAGE, "withdraw needs --reason T");
	if ((f = cmd_unlock(c)) == NULL && (f = db_begin(c->home.db)) == NULL)
		f = db_end(c->home.db, withdraw_one(c));
	return f;
}
