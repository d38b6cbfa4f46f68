#include "fieldkit/intent.h"

#include <stdlib.h>
#include <string.h>

void
intent_free(struct intent *in)
{
	entry_free(&in->items);
	*in = (struct intent)INTENT_EMPTY;
}

void
intents_free(struct intent *in, size_t n)
{
	for (size_t i = 0; i < n; i++)
		intent_free(&in[i]);
	free(in);
}

fault
intent_add(struct store *s, struct intent *in)
{
	struct stmt *st = db_prepare(s->db, "INSERT INTO intent "
	    "(flags, nclear, clear, nsealed, sealed, made_seq, made) "
	    "VALUES (?, ?, ?, ?, ?, 0, x'')");
	fault f;

	stmt_int(st, 1, in->flags);
	stmt_int(st, 2, in->items.nclear);
	stmt_blob(st, 3, buf_view(&in->items.clear));
	stmt_int(st, 4, in->items.nsealed);
	stmt_blob(st, 5, buf_view(&in->items.sealed));
	if ((f = stmt_run(st)) == NULL)
		in->at = db_last_id(s->db);
	return f;
}

static struct intent
row(struct stmt *st)
{
	struct bytes made = stmt_get(st, 7);
	struct intent in = INTENT_EMPTY;

	in.at = stmt_get_int(st, 0);
	in.flags = (unsigned)stmt_get_int(st, 1);
	in.items.nclear = (uint16_t)stmt_get_int(st, 2);
	buf_add_bytes(&in.items.clear, stmt_get(st, 3));
	in.items.nsealed = (uint16_t)stmt_get_int(st, 4);
	buf_add_bytes(&in.items.sealed, stmt_get(st, 5));
	in.made_seq = (uint64_t)stmt_get_int(st, 6);
	if (made.len == sizeof in.made)
		memcpy(&in.made, made.at, sizeof in.made);
	return in;
}

fault
intent_list(struct store *s, struct intent **out, size_t *n)
{
	struct stmt *st = db_prepare(s->db, "SELECT at, flags, nclear, clear, "
	    "nsealed, sealed, made_seq, made FROM intent ORDER BY at");
	struct intent *list = NULL;
	size_t count = 0;
	bool more;
	fault f;

	while ((f = stmt_step(st, &more)) == NULL && more) {
		list = mem_grow(list, (count + 1) * sizeof *list);
		list[count++] = row(st);
	}
	if (f != NULL) {
		intents_free(list, count);
		return f;
	}
	*out = list;
	*n = count;
	return NULL;
}

fault
intent_made(struct store *s, const struct intent *in, uint64_t seq,
    const struct hash *h)
{
	struct stmt *st = db_prepare(s->db, "UPDATE intent SET made_seq = ?, "
	    "made = ? WHERE at = ?");

	stmt_int(st, 1, (int64_t)seq);
	stmt_blob(st, 2, (struct bytes){ h->b, sizeof h->b });
	stmt_int(st, 3, in->at);
	return stmt_run(st);
}

fault
intent_done(struct store *s, const struct intent *in)
{
	struct stmt *st = db_prepare(s->db, "DELETE FROM intent WHERE at = ?");

	stmt_int(st, 1, in->at);
	return stmt_run(st);
}

bool
intent_names(const struct intent *in, enum roster_item kind,
    const struct id *device)
{
	struct reader r = reader_of(buf_view(&in->items.clear));

	for (uint16_t i = 0; i < in->items.nclear; i++) {
		struct entry_item it = item_next(&r);

		if (it.kind == kind && id_eq(&it.id, device))
			return true;
	}
	return false;
}
