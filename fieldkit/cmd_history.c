/*
 * history, conflicts, resolve -- what happened, and what a person decides.
 */
#include "fieldkit/cmds.h"

#include <stdlib.h>
#include <string.h>

#include "fieldkit/odd_clock.h"
#include "fieldkit/show.h"
#include "sync/base/clock.h"

#define ORDER_ROUNDS 100

/* --- history ------------------------------------------------------------ */

/* The creation is the creator's first change of the record. */
static bool
creates(const struct record *r, const struct change *ch)
{
	if (!id_eq(&ch->dot.device, &r->index.creator))
		return false;
	for (size_t i = 0; i < r->nchanges; i++)
		if (id_eq(&r->changes[i].dot.device, &ch->dot.device) &&
		    r->changes[i].dot.n < ch->dot.n)
			return false;
	return true;
}

static const char *
operation(const struct record *r, const struct change *ch)
{
	for (size_t i = 0; i < ch->nfields; i++)
		if (bytes_is(ch->fields[i].name, FIELD_WITHDRAWN))
			return ch->fields[i].nval == 1 &&
			    ch->fields[i].val[0].len == 0 ? "restore" :
			    "withdraw";
	for (size_t i = 0; i < ch->nfields; i++)
		if (ch->fields[i].kind == KIND_VALUE && ch->fields[i].nsup > 1)
			return "resolve";
	return creates(r, ch) ? "create" : "edit";
}

static void
field_json(struct ctx *c, struct json_out *w, const struct record *r,
    const struct change_field *cf)
{
	const struct pack_type *pt = pack_type(c->pack, r->type);
	const struct pack_field *pf = pt == NULL ? NULL :
	    pack_field(pt, cf->name);

	json_open(w, '{');
	json_key(w, "field");
	json_put_bytes(w, cf->name);
	if (cf->withheld) {
		json_key(w, "withheld");
		json_put_bool(w, true);
	} else if (cf->kind == KIND_VALUE) {
		json_key(w, "value");
		show_value(w, pf, cf->val[0]);
	} else {
		json_key(w, "added");
		json_open(w, '[');
		for (size_t i = 0; i < cf->nval; i++)
			show_value(w, pf, cf->val[i]);
		json_close(w);
		json_key(w, "removed");
		json_open(w, '[');
		for (size_t i = 0; i < cf->nsup; i++)
			show_value(w, pf, cf->gone[i]);
		json_close(w);
	}
	json_close(w);
}

/* The reason is a set field with one element. */
static struct bytes
reason_of(const struct change *ch)
{
	for (size_t i = 0; i < ch->nfields; i++)
		if (bytes_is(ch->fields[i].name, FIELD_REASON) &&
		    ch->fields[i].nval > 0)
			return ch->fields[i].val[0];
	return BYTES_EMPTY;
}

struct step {			/* what is known of one change */
	const struct change *ch;
	char		dot[DOT_TEXT], device[ID_HEX], name[128], when[32];
	char		commit[41];
	enum state	state;
};

static fault
step_fill(struct ctx *c, const struct progress *p, struct step *s)
{
	struct oid oid;
	fault f;

	dot_text(s->dot, &s->ch->dot);
	id_hex(s->device, &s->ch->dot.device);
	show_device(c, &s->ch->dot.device, s->name, sizeof s->name);
	clock_text(s->when, hlc_ms(s->ch->clock));
	if ((f = exchange_state(&c->home, p, &s->ch->dot, &s->state)) !=
	    NULL || (f = exchange_commit(&c->home, &s->ch->dot, &oid)) != NULL)
		return f;
	s->commit[0] = '\0';
	if (!oid_zero(&oid))
		oid_hex(s->commit, &oid);
	return NULL;
}

static void
step_json(struct ctx *c, const struct record *r, const struct step *s)
{
	struct json_out w = json_writer(&c->out);
	struct bytes reason = reason_of(s->ch);

	json_open(&w, '{');
	json_key(&w, "dot");
	json_put_text(&w, s->dot);
	json_key(&w, "device");
	json_put_text(&w, s->device);
	json_key(&w, "name");
	json_put_text(&w, s->name);
	json_key(&w, "time");
	json_put_text(&w, s->when);
	json_key(&w, "op");
	json_put_text(&w, operation(r, s->ch));
	json_key(&w, "fields");
	json_open(&w, '[');
	for (size_t i = 0; i < s->ch->nfields; i++)
		if (!bytes_is(s->ch->fields[i].name, FIELD_REASON))
			field_json(c, &w, r, &s->ch->fields[i]);
	json_close(&w);
	if (reason.len > 0) {
		json_key(&w, "reason");
		json_put_bytes(&w, reason);
	}
	json_key(&w, "commit");
	if (s->commit[0] != '\0')
		json_put_text(&w, s->commit);
	else
		json_put_null(&w);
	json_key(&w, "accepted");
	json_put_bool(&w, s->state == STATE_ACCEPTED);
	json_close(&w);
	buf_text(&c->out, "\n");
}

static void
step_text(struct ctx *c, const struct record *r, const struct step *s)
{
	struct bytes reason = reason_of(s->ch);
	char when[32];

	odd_clock_text(when, s->ch->clock);
	out(c, "%s  %s  %s (%s)%s%s\n", when, s->name,
	    say(operation(r, s->ch)), say(state_name(s->state)),
	    s->commit[0] != '\0' ? "  commit " : "", s->commit);
	for (size_t i = 0; i < s->ch->nfields; i++) {
		const struct change_field *cf = &s->ch->fields[i];

		if (bytes_is(cf->name, FIELD_REASON))
			continue;
		if (cf->withheld)
			buf_text(&c->out, "    %.*s: %s\n", (int)cf->name.len,
			    (const char *)cf->name.at,
			    say("(not for this device)"));
		for (size_t k = 0; k < cf->nval; k++)
			buf_text(&c->out, "    %.*s%s %.*s\n",
			    (int)cf->name.len, (const char *)cf->name.at,
			    cf->kind == KIND_SET ? " +" : ":",
			    (int)cf->val[k].len, (const char *)cf->val[k].at);
		for (size_t k = 0; cf->kind == KIND_SET && !cf->withheld &&
		    k < cf->nsup; k++)
			buf_text(&c->out, "    %.*s - %.*s\n",
			    (int)cf->name.len, (const char *)cf->name.at,
			    (int)cf->gone[k].len,
			    (const char *)cf->gone[k].at);
	}
	if (reason.len > 0)
		out(c, "    because: %.*s\n", (int)reason.len,
		    (const char *)reason.at);
}

/* --- in which order ----------------------------------------------------- */

struct place {
	const struct change *ch;
	uint64_t	at;		/* its clock, or later */
};

static int
by_dot(const void *a, const void *b)
{
	return dot_cmp(a, &((const struct place *)b)->ch->dot);
}

static int
by_place(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	return dot_cmp(&x->ch->dot, &y->ch->dot);
}

/* Put p behind what it supersedes; true if it moved. */
static bool
move_behind(struct place *p, const struct place *all, size_t n)
{
	uint64_t was = p->at;

	for (size_t i = 0; i < p->ch->nfields; i++)
		for (size_t k = 0; k < p->ch->fields[i].nsup; k++) {
			const struct place *q = bsearch(
			    &p->ch->fields[i].sup[k], all, n, sizeof *all,
			    by_dot);

			if (q != NULL && q != p && p->at <= q->at)
				p->at = q->at + (q->at != UINT64_MAX);
		}
	return p->at != was;
}

/*
 * By clock; but a clock may be wrong, so a change never comes before one of
 * its own device's earlier ones or one that it supersedes.  Caller frees.
 */
static struct place *
in_order(const struct record *r)
{
	struct place *all = mem_new(r->nchanges * sizeof *all);
	bool moved = true;

	for (size_t i = 0; i < r->nchanges; i++)	/* by dot */
		all[i] = (struct place){ &r->changes[i],
		    r->changes[i].clock };
	/* A circle, which no honest device makes, must end. */
	for (int round = 0; moved && round < ORDER_ROUNDS; round++) {
		moved = false;
		for (size_t i = 0; i < r->nchanges; i++) {
			if (i > 0 && all[i].at <= all[i - 1].at &&
			    id_eq(&all[i].ch->dot.device,
			    &all[i - 1].ch->dot.device)) {
				all[i].at = all[i - 1].at +
				    (all[i - 1].at != UINT64_MAX);
				moved = true;
			}
			moved |= move_behind(&all[i], all, r->nchanges);
		}
	}
	qsort(all, r->nchanges, sizeof *all, by_place);
	return all;
}

fault
cmd_history(struct ctx *c)
{
	struct progress p = { NULL, 0 };
	struct record r = { .nchanges = 0 };
	struct place *order = NULL;
	struct step s;
	fault f;

	if ((f = cmd_unlock_site(c)) != NULL)
		return f;
	if ((f = cmd_record(c, c->args[0], &r)) != NULL)
		return f->code == FAULT_ERASED ? show_tombstone(c, &r.id) : f;
	f = exchange_progress(&c->home, &p);
	order = in_order(&r);
	for (size_t i = 0; f == NULL && i < r.nchanges; i++) {
		s.ch = order[i].ch;
		if ((f = step_fill(c, &p, &s)) != NULL)
			break;
		if (c->json)
			step_json(c, &r, &s);
		else
			step_text(c, &r, &s);
	}
	free(order);
	progress_free(&p);
	record_free(&r);
	return f;
}

/* --- conflicts ---------------------------------------------------------- */

static void
value_json(struct json_out *w, const struct pack_field *pf,
    const struct item *it)
{
	char dot[DOT_TEXT], hex[ID_HEX], when[32];

	clock_text(when, hlc_ms(it->clock));
	json_open(w, '{');
	json_key(w, "dot");
	json_put_text(w, dot_text(dot, &it->dot));
	json_key(w, "device");
	json_put_text(w, id_hex(hex, &it->dot.device));
	json_key(w, "time");
	json_put_text(w, when);
	json_key(w, "value");
	if (it->withheld)
		json_put_null(w);
	else
		show_value(w, pf, it->value);
	json_close(w);
}

static void
value_text(struct ctx *c, const struct item *it)
{
	char dot[DOT_TEXT], when[32], name[128];

	odd_clock_text(when, it->clock);
	show_device(c, &it->dot.device, name, sizeof name);
	buf_text(&c->out, "    --keep %s  %s  %s\n        %.*s\n",
	    dot_text(dot, &it->dot), name, when, (int)it->value.len,
	    (const char *)it->value.at);
}

/* One conflict: the items are those that a person chooses from. */
static void
conflict_out(struct ctx *c, const struct record *r, struct bytes field,
    const struct item *items, size_t n)
{
	const struct pack_type *pt = pack_type(c->pack, r->type);
	const struct pack_field *pf = pt == NULL ? NULL :
	    pack_field(pt, field);
	struct json_out w = json_writer(&c->out);
	char hex[ID_HEX];

	if (!c->json) {
		out(c, "%s  %.*s  %.*s\n", id_hex(hex, &r->id),
		    (int)r->type.len, (const char *)r->type.at,
		    (int)field.len, (const char *)field.at);
		for (size_t i = 0; i < n; i++)
			value_text(c, &items[i]);
		return;
	}
	json_open(&w, '{');
	json_key(&w, "id");
	json_put_text(&w, id_hex(hex, &r->id));
	json_key(&w, "field");
	json_put_bytes(&w, field);
	json_key(&w, "values");
	json_open(&w, '[');
	for (size_t i = 0; i < n; i++)
		value_json(&w, pf, &items[i]);
	json_close(&w);
	json_close(&w);
	buf_text(&c->out, "\n");
}

/*
 * Edit against withdrawal: the withdrawal's own items, then what stands in
 * other fields and no withdrawal had seen.
 */
static void
withdraw_conflict(struct ctx *c, const struct record *r)
{
	struct item *items = NULL;
	size_t n = 0;

	for (size_t i = 0; i < r->merged.nfields; i++) {
		const struct merged_field *mf = &r->merged.fields[i];
		bool own = bytes_is(mf->name, FIELD_WITHDRAWN);

		for (size_t k = 0; k < mf->nitems; k++) {
			if ((!own && !mf->items[k].unseen) ||
			    bytes_is(mf->name, FIELD_REASON))
				continue;
			items = mem_grow(items, (n + 1) * sizeof *items);
			items[n] = mf->items[k];
			if (own)
				items[n].value = bytes_of(say("withdrawn"));
			n++;
		}
	}
	conflict_out(c, r, bytes_of(FIELD_WITHDRAWN), items, n);
	free(items);
}

static fault
conflicts_of(void *arg, struct record *r)
{
	struct ctx *c = arg;

	for (size_t i = 0; i < r->merged.nfields; i++) {
		const struct merged_field *mf = &r->merged.fields[i];

		if (mf->conflict && !bytes_is(mf->name, FIELD_WITHDRAWN))
			conflict_out(c, r, mf->name, mf->items, mf->nitems);
	}
	if (r->merged.withdraw_conflict)
		withdraw_conflict(c, r);
	return NULL;
}

fault
cmd_conflicts(struct ctx *c)
{
	fault f = cmd_unlock_site(c);

	if (f == NULL)
		f = store_conflicts(&c->home.store, conflicts_of, c);
	if (f == NULL && c->out.len == 0 && !c->json)
		out(c, "No conflicts.\n");
	return f;
}

/* --- resolve ------------------------------------------------------------ */

static fault
resolve_one(struct ctx *c, const struct dot *keep)
{
	struct editor ed = cmd_editor(c);
	struct json_out w = json_writer(&c->out);
	struct record r = { .nchanges = 0 };
	struct edit e = EDIT_EMPTY;
	const char *value = option(c, "value");
	char hex[ID_HEX];
	fault f;

	if ((f = cmd_record(c, c->args[0], &r)) != NULL)
		return f;
	if ((f = edit_resolve(&e, &ed, &r, bytes_of(c->args[1]), keep,
	    value == NULL ? BYTES_EMPTY : bytes_of(value))) == NULL) {
		edit_reason(&e, option(c, "reason"));
		f = store_put(&c->home.store, &e.change, NULL);
	}
	if (f == NULL && c->json) {
		json_open(&w, '{');
		json_key(&w, "id");
		json_put_text(&w, id_hex(hex, &r.id));
		json_key(&w, "field");
		json_put_text(&w, c->args[1]);
		json_close(&w);
		buf_text(&c->out, "\n");
	} else if (f == NULL) {
		out(c, "resolved %s of %s\n", c->args[1],
		    id_hex(hex, &r.id));
	}
	edit_free(&e);
	record_free(&r);
	return f;
}

fault
cmd_resolve(struct ctx *c)
{
	const char *keep = option(c, "keep");
	struct dot dot;
	fault f;

	if ((keep == NULL) == (option(c, "value") == NULL))
		return fault_new(FAULT_USAGE, "resolve needs --keep DOT or "
		    "--value V; 'fieldkit conflicts' shows the dots");
	if (keep != NULL && !dot_parse(&dot, keep))
		return fault_new(FAULT_ABSENT, "'%.80s' is not a dot; "
		    "'fieldkit conflicts' shows them", keep);
	if ((f = cmd_unlock(c)) == NULL && (f = db_begin(c->home.db)) == NULL)
		f = db_end(c->home.db, resolve_one(c,
		    keep == NULL ? NULL : &dot));
	return f;
}
