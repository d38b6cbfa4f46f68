#include "fieldkit/show.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fieldkit/odd_clock.h"
#include "sync/base/clock.h"

#define LINE_TEXT 60		/* of the longest text, in a list */

void
show_value(struct json_out *w, const struct pack_field *pf, struct bytes value)
{
	char *s;

	if (pf != NULL && pf->form == FORM_INT) {
		s = bytes_dup(value);
		json_put_int(w, strtoll(s, NULL, 10));
		free(s);
	} else if (pf != NULL && pf->form == FORM_BOOL) {
		json_put_bool(w, bytes_is(value, "true"));
	} else {
		json_put_bytes(w, value);
	}
}

/* Fields that are the kit's own business are not among a record's fields. */
static bool
internal(const struct merged_field *mf)
{
	return bytes_is(mf->name, FIELD_WITHDRAWN) ||
	    bytes_is(mf->name, FIELD_REASON);
}

/*
 * A record's fields as the pack orders them, then those that it does not
 * know, by name.  The caller frees the list.
 */
static const struct merged_field **
in_order(const struct record *r, const struct pack_type *pt, size_t *n)
{
	const struct merged *m = &r->merged;
	const struct merged_field **list = mem_new(
	    (m->nfields + 1) * sizeof *list);

	*n = 0;
	for (size_t i = 0; pt != NULL && i < pt->nfields; i++)
		for (int k = KIND_VALUE; k <= KIND_SET; k++) {
			list[*n] = merged_find(m, bytes_of(pt->fields[i].name),
			    (enum kind)k);
			*n += list[*n] != NULL;
		}
	for (size_t i = 0; i < m->nfields; i++)
		if (!internal(&m->fields[i]) && (pt == NULL ||
		    pack_field(pt, m->fields[i].name) == NULL))
			list[(*n)++] = &m->fields[i];
	return list;
}

static void
field_json(struct json_out *w, const struct pack_field *pf,
    const struct merged_field *mf)
{
	const struct item *it;

	if (mf->kind == KIND_VALUE) {
		it = merged_shown(mf);
		if (it == NULL || it->withheld)
			return;
		json_key_bytes(w, mf->name);
		show_value(w, pf, it->value);
		return;
	}
	if (mf->withheld || mf->nitems == 0)
		return;
	json_key_bytes(w, mf->name);
	json_open(w, '[');
	for (size_t i = 0; i < mf->nitems; i++)
		if (i == 0 || !bytes_eq(mf->items[i].value,
		    mf->items[i - 1].value))
			show_value(w, pf, mf->items[i].value);
	json_close(w);
}

static void
names_json(struct json_out *w, const struct merged *m, bool conflicts)
{
	json_open(w, '[');
	for (size_t i = 0; i < m->nfields; i++) {
		const struct merged_field *mf = &m->fields[i];

		if (conflicts ? mf->conflict && !internal(mf) :
		    mf->withheld && !internal(mf))
			json_put_bytes(w, mf->name);
	}
	if (conflicts && m->withdraw_conflict)
		json_put_text(w, FIELD_WITHDRAWN);
	json_close(w);
}

fault
show_json(struct ctx *c, const struct progress *p, const struct record *r,
    const char *snippet)
{
	const struct pack_type *pt = pack_type(c->pack, r->type);
	struct json_out w = json_writer(&c->out);
	const struct merged_field **order;
	size_t n;
	enum state state;
	char hex[ID_HEX], when[32];
	fault f = exchange_record_state(&c->home, p, r, &state);

	if (f != NULL)
		return f;
	clock_text(when, hlc_ms(r->merged.newest));
	json_open(&w, '{');
	json_key(&w, "id");
	json_put_text(&w, id_hex(hex, &r->id));
	json_key(&w, "type");
	json_put_bytes(&w, r->type);
	json_key(&w, "state");
	json_put_text(&w, state_name(state));
	json_key(&w, "modified");
	json_put_text(&w, when);
	json_key(&w, "fields");
	json_open(&w, '{');
	order = in_order(r, pt, &n);
	for (size_t i = 0; i < n; i++)
		field_json(&w, pt == NULL ? NULL : pack_field(pt,
		    order[i]->name), order[i]);
	free(order);
	json_close(&w);
	json_key(&w, "conflicts");
	names_json(&w, &r->merged, true);
	json_key(&w, "withheld");
	names_json(&w, &r->merged, false);
	if (r->merged.withdrawn) {
		json_key(&w, "withdrawn");
		json_put_bool(&w, true);
	}
	if (snippet != NULL) {
		json_key(&w, "snippet");
		json_put_text(&w, snippet);
	}
	json_close(&w);
	buf_text(&c->out, "\n");
	return NULL;
}

static const char *
label(const struct pack_field *pf, char *to, size_t room, struct bytes name)
{
	const char *l = pf == NULL ? NULL :
	    lang_now() == LANG_NL ? pf->nl : pf->en;

	if (l != NULL)
		return l;
	snprintf(to, room, "%.*s", (int)name.len, (const char *)name.at);
	return to;
}

static void
field_text(struct ctx *c, const struct pack_field *pf,
    const struct merged_field *mf)
{
	char raw[WIRE_NAME_MAX + 1];
	const char *name = label(pf, raw, sizeof raw, mf->name);

	if (mf->withheld) {
		buf_text(&c->out, "  %-18s %s\n", name, say("(not for this "
		    "device)"));
		return;
	}
	if (mf->kind == KIND_SET && mf->nitems > 0)
		buf_text(&c->out, "  %-18s ", name);
	for (size_t i = 0; i < mf->nitems; i++) {
		struct bytes v = mf->items[i].value;

		if (mf->kind == KIND_SET)
			buf_text(&c->out, "%s%.*s", i == 0 ? "" : ", ",
			    (int)v.len, (const char *)v.at);
		else if (v.len > 0 || mf->conflict)
			buf_text(&c->out, "%c %-18s %.*s\n",
			    mf->conflict ? '!' : ' ', name, (int)v.len,
			    (const char *)v.at);
	}
	if (mf->kind == KIND_SET && mf->nitems > 0)
		buf_text(&c->out, "\n");
}

fault
show_text(struct ctx *c, const struct progress *p, const struct record *r)
{
	const struct pack_type *pt = pack_type(c->pack, r->type);
	const char *type = pt == NULL ? NULL :
	    lang_now() == LANG_NL ? pt->nl : pt->en;
	const struct merged_field **order;
	size_t n;
	enum state state;
	char hex[ID_HEX], when[32], raw[WIRE_NAME_MAX + 1];
	fault f = exchange_record_state(&c->home, p, r, &state);

	if (f != NULL)
		return f;
	snprintf(raw, sizeof raw, "%.*s", (int)r->type.len,
	    (const char *)r->type.at);
	odd_clock_text(when, r->merged.newest);
	buf_text(&c->out, "%s  %s  (%s, %s)\n", id_hex(hex, &r->id),
	    type != NULL ? type : raw, say(state_name(state)), when);
	if (r->merged.withdrawn)
		buf_text(&c->out, "%s\n", say("  WITHDRAWN"));
	order = in_order(r, pt, &n);
	for (size_t i = 0; i < n; i++)
		field_text(c, pt == NULL ? NULL : pack_field(pt,
		    order[i]->name), order[i]);
	free(order);
	if (r->merged.conflicts > 0)
		buf_text(&c->out, "%s\n", say("  ! marks a conflict: see "
		    "'fieldkit conflicts'"));
	return NULL;
}

/* What a list shows of a record: its narrative, else its first text. */
static struct bytes
headline(const struct record *r)
{
	static const char *const names[] = { "narrative", "title", "what",
	    "pseudonym", "summary" };
	const struct merged_field *mf;
	const struct item *it;

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		mf = merged_find(&r->merged, bytes_of(names[i]), KIND_VALUE);
		it = mf == NULL ? NULL : merged_shown(mf);
		if (it != NULL && !it->withheld)
			return it->value;
	}
	return BYTES_EMPTY;
}

/* At most n bytes, not in the middle of a character, without line ends. */
static void
shorten(char *to, size_t n, struct bytes b)
{
	size_t len = b.len < n ? b.len : n;

	while (len < b.len && len > 0 && (b.at[len] & 0xc0) == 0x80)
		len--;
	for (size_t i = 0; i < len; i++)
		to[i] = b.at[i] < ' ' ? ' ' : (char)b.at[i];
	snprintf(to + len, 5, "%s", len < b.len ? "..." : "");
}

fault
show_line(struct ctx *c, const struct progress *p, const struct record *r,
    const char *snippet)
{
	enum state state;
	char hex[ID_HEX], text[LINE_TEXT + 8], date[16] = "";
	const struct merged_field *mf = merged_find(&r->merged,
	    bytes_of("date"), KIND_VALUE);
	const struct item *it = mf == NULL ? NULL : merged_shown(mf);
	fault f = exchange_record_state(&c->home, p, r, &state);

	if (f != NULL)
		return f;
	if (it != NULL && !it->withheld)
		snprintf(date, sizeof date, "%.*s", (int)(it->value.len > 10 ?
		    10 : it->value.len), (const char *)it->value.at);
	shorten(text, LINE_TEXT, snippet != NULL ? bytes_of(snippet) :
	    headline(r));
	buf_text(&c->out, "%s %-12.*s %-10s %-9s%s%s %s\n",
	    id_hex(hex, &r->id), (int)r->type.len, (const char *)r->type.at,
	    date, say(state_name(state)),
	    r->merged.conflicts > 0 ? " !" : "",
	    r->merged.withdrawn ? say(" (withdrawn)") : "", text);
	return NULL;
}

void
show_device(const struct ctx *c, const struct id *device, char *to,
    size_t room)
{
	const struct member *m = c->home.site_open ?
	    roster_member(c->home.site.roster, device) : NULL;
	char hex[ID_HEX];

	if (m != NULL && m->name != NULL)
		snprintf(to, room, "%s", m->name);
	else
		snprintf(to, room, "%.8s", id_hex(hex, device));
}

static void
tombstone_json(struct ctx *c, const struct tombstone *t, const char *when,
    const char *name)
{
	struct json_out w = json_writer(&c->out);
	char hex[ID_HEX];

	json_open(&w, '{');
	json_key(&w, "id");
	json_put_text(&w, id_hex(hex, &t->record));
	json_key(&w, "type");
	json_put_text(&w, t->type);
	json_key(&w, "erased");
	json_open(&w, '{');
	json_key(&w, "time");
	json_put_text(&w, when);
	json_key(&w, "by");
	json_put_text(&w, id_hex(hex, &t->by));
	json_key(&w, "name");
	json_put_text(&w, name);
	json_close(&w);
	json_close(&w);
	buf_text(&c->out, "\n");
}

fault
show_tombstone(struct ctx *c, const struct id *id)
{
	char when[32], name[128], hex[ID_HEX];
	struct tombstone t;
	fault f;

	if ((f = store_tombstone(&c->home.store, id, &t)) != NULL)
		return f;
	clock_text(when, t.time < UINT64_MAX / 1000 ? t.time * 1000 : 0);
	show_device(c, &t.by, name, sizeof name);
	if (c->json)
		tombstone_json(c, &t, when, name);
	tombstone_free(&t);
	return fault_new(FAULT_ERASED, "record %s was erased on %s by %s; "
	    "nothing of it is here", id_hex(hex, id), when, name);
}
