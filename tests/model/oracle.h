/*
 * oracle -- what stands on a device, told naively: each item is looked at
 * against each edit that the device knows, straight from the definitions in
 * schema/WIRE.md 1.  It must not see sync/merge.
 */
#ifndef TESTS_MODEL_ORACLE_H
#define TESTS_MODEL_ORACLE_H

#include "tests/model/world.h"

/* What the oracle says stands: stands[edit][word], and what follows. */
struct expect {
	bool	stands[FIELDS][OPS][WORDS + 1];
	size_t	count[FIELDS];
	bool	conflict[FIELDS];
	bool	withdrawn, withdraw_conflict;
	uint64_t newest;
};

static bool
readable(const struct world *w, int device, const struct edit *e, int field)
{
	return e->device == device ||
	    (w->devices[device].reads & 1u << fields[field].comp) != 0;
}

/* Does any edit of the record that device knows supersede this item? */
static bool
superseded(const struct world *w, int device, const struct sup *item,
    int field)
{
	for (int i = 0; i < w->nedits; i++) {
		const struct edit *e = &w->edits[i];

		if (!w->devices[device].knows[i] ||
		    e->record != w->edits[item->edit].record)
			continue;
		for (size_t p = 0; p < e->nparts; p++) {
			const struct part *part = &e->parts[p];
			bool set = fields[field].kind == KIND_SET;

			if (part->field != field ||
			    (set && !readable(w, device, e, field)))
				continue;
			for (size_t s = 0; s < part->nsup; s++) {
				const struct sup *u = &w->sups[part->sup + s];

				if (u->edit == item->edit &&
				    (!set || u->word == item->word))
					return true;
			}
		}
	}
	return false;
}

static void
expect_part(const struct world *w, int device, int edit,
    const struct part *part, struct expect *x)
{
	int f = part->field;
	bool set = fields[f].kind == KIND_SET;
	unsigned bits = set ? part->adds : 1u << part->word;

	if (!readable(w, device, &w->edits[edit], f))
		bits = 1u << UNREAD;
	for (int word = 0; word <= UNREAD; word++) {
		struct sup item = { edit, word };

		if ((bits & 1u << word) != 0 &&
		    !superseded(w, device, &item, f)) {
			x->stands[f][edit][word] = true;
			x->count[f]++;
		}
	}
}

/* Two items that can be read, with different words? */
static bool
expect_conflict(const struct world *w, const struct expect *x, int f)
{
	int seen = -1;

	for (int i = 0; i < w->nedits; i++)
		for (int word = 0; word < UNREAD; word++) {
			if (!x->stands[f][i][word])
				continue;
			if (seen >= 0 && seen != word)
				return true;
			seen = word;
		}
	return false;
}

/* Is the edit that, or known to, a withdrawal that stands? */
static bool
known_to_withdrawal(const struct world *w, const struct expect *x, int edit)
{
	for (int i = 0; i < w->nedits; i++)
		for (size_t p = 0; x->stands[WITHDRAWN][i][1] &&
		    p < w->edits[i].nparts; p++) {
			const struct part *part = &w->edits[i].parts[p];

			if (part->field != WITHDRAWN)
				continue;
			if (i == edit)
				return true;
			for (size_t s = 0; s < part->nsup; s++)
				if (w->sups[part->sup + s].edit == edit)
					return true;
		}
	return false;
}

static void
expect_withdrawal(const struct world *w, struct expect *x)
{
	for (int i = 0; i < w->nedits; i++)
		x->withdrawn = x->withdrawn || x->stands[WITHDRAWN][i][1];
	for (int f = 0; x->withdrawn && f < FIELDS; f++)
		for (int i = 0; f != WITHDRAWN && i < w->nedits; i++) {
			bool any = false;

			for (int word = 0; word < UNREAD; word++)
				any = any || x->stands[f][i][word];
			if (fields[f].kind == KIND_VALUE)
				any = any || x->stands[f][i][UNREAD];
			if (any && !known_to_withdrawal(w, x, i))
				x->withdraw_conflict = true;
		}
	if (x->withdraw_conflict)
		x->conflict[WITHDRAWN] = true;
}

static void
expect(const struct world *w, int device, int record, struct expect *x)
{
	memset(x, 0, sizeof *x);
	for (int i = 0; i < w->nedits; i++) {
		const struct edit *e = &w->edits[i];

		if (!w->devices[device].knows[i] || e->record != record)
			continue;
		for (size_t p = 0; p < e->nparts; p++)
			expect_part(w, device, i, &e->parts[p], x);
		if (e->clock > x->newest)
			x->newest = e->clock;
	}
	for (int f = 0; f < FIELDS; f++)
		if (fields[f].kind == KIND_VALUE)
			x->conflict[f] = expect_conflict(w, x, f);
	expect_withdrawal(w, x);
}

#endif
