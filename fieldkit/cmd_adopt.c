/*
 * adopt -- a coordinator takes over a change that stands in quarantine: a new
 * change of its own with the same values, which names the old one.
 */
#include "fieldkit/cmds.h"

#include <stdlib.h>
#include <string.h>

struct wanted {
	struct dot	dot;
	struct buf	body;
	bool		found;
};

static fault
look(void *arg, const struct quarantined *q)
{
	struct wanted *w = arg;

	if (!w->found && dot_cmp(&q->dot, &w->dot) == 0) {
		w->found = true;
		buf_add_bytes(&w->body, q->body);
	}
	return NULL;
}

/* Its index, or a fresh one where the creation is not known here. */
static fault
index_for(struct ctx *c, struct change *new)
{
	struct record r = { .nchanges = 0 };
	fault f = store_record(&c->home.store, &r, &new->record);

	if (f == NULL)
		new->index = r.index;
	else if (f->code == FAULT_ABSENT)
		f = store_next_index(&c->home.store, &new->index);
	record_free(&r);
	return f;
}

/* Its fields with what they supersede; what did not open here stays behind. */
static void
copy_fields(struct change *new, const struct change *old)
{
	for (size_t i = 0; i < old->nfields; i++) {
		const struct change_field *of = &old->fields[i];
		struct change_field *nf;

		if (of->withheld || bytes_is(of->name, "adopts"))
			continue;
		nf = change_add(new, of->name, of->comp, of->kind);
		for (size_t k = 0; k < of->nval; k++)
			change_add_value(nf, of->val[k]);
		for (size_t k = 0; k < of->nsup; k++)
			change_add_sup(nf, &of->sup[k], of->kind == KIND_SET ?
			    of->gone[k] : BYTES_EMPTY);
	}
}

static fault
put(struct ctx *c, const struct change *old, const char *dot)
{
	struct change new = { .record = old->record, .type = old->type };
	struct store *st = &c->home.store;
	struct change_field *adopts;
	fault f;

	copy_fields(&new, old);
	adopts = change_add(&new, bytes_of("adopts"), COMP_TEAM, KIND_SET);
	change_add_value(adopts, bytes_of(dot));
	change_sort(&new);
	if ((f = db_begin(st->db)) != NULL)
		goto done;
	if ((f = index_for(c, &new)) == NULL &&
	    (f = store_put(st, &new, NULL)) == NULL)
		f = store_adopted(st, &old->dot);
	f = db_end(st->db, f);
done:
	change_free(&new);
	return f;
}

static void
said(struct ctx *c, const struct id *record)
{
	struct json_out w = json_writer(&c->out);
	char hex[ID_HEX];

	id_hex(hex, record);
	if (!c->json) {
		out(c, "Record %s has it now, under your name.\n", hex);
		return;
	}
	json_open(&w, '{');
	json_key(&w, "id");
	json_put_text(&w, hex);
	json_close(&w);
	buf_text(&c->out, "\n");
}

fault
cmd_adopt(struct ctx *c)
{
	struct wanted w = { .found = false };
	struct change old = CHANGE_EMPTY;
	fault f;

	if (!dot_parse(&w.dot, c->args[0]))
		return fault_new(FAULT_ABSENT, "'%.60s' is no change: <device>."
		    "<number>, as 'fieldkit merge --json' lists them",
		    c->args[0]);
	if ((f = cmd_unlock_site(c)) != NULL ||
	    (f = cmd_coordinator(c)) != NULL ||
	    (f = store_each_quarantined(&c->home.store, look, &w)) != NULL)
		goto done;
	if (!w.found) {
		f = fault_new(FAULT_ABSENT, "change %.60s is not in "
		    "quarantine; nothing was changed", c->args[0]);
		goto done;
	}
	if ((f = change_decode(&old, buf_view(&w.body))) == NULL &&
	    (f = put(c, &old, c->args[0])) == NULL)
		said(c, &old.record);
done:
	change_free(&old);
	buf_free(&w.body);
	return f;
}
