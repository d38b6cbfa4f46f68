#include "fieldkit/receipt.h"

#include <stdlib.h>

static fault
put(struct store *st, const struct id *device, uint64_t seq, bool given)
{
	struct stmt *s;
	int64_t ref;
	fault f = device_ref(st->db, device, &ref);

	if (f != NULL)
		return f;
	s = db_prepare(st->db, "INSERT INTO receipt(device, seq, given) "
	    "VALUES(?1, ?2, ?3) ON CONFLICT DO UPDATE SET given = "
	    "max(given, ?3)");
	stmt_int(s, 1, ref);
	stmt_int(s, 2, (int64_t)seq);
	stmt_int(s, 3, given);
	return stmt_run(s);
}

fault
receipt_put(struct store *st, const struct id *device, uint64_t seq)
{
	return put(st, device, seq, true);
}

fault
receipt_owe(struct store *st, uint64_t seq)
{
	return put(st, &st->self, seq, false);
}

fault
receipt_given(struct store *st, uint64_t seq)
{
	return put(st, &st->self, seq, true);
}

fault
receipt_has(struct store *st, const struct id *device, uint64_t seq,
    bool *yes)
{
	struct stmt *s = db_prepare(st->db, "SELECT 1 FROM receipt "
	    "WHERE device = ? AND seq = ? AND given = 1");
	int64_t ref;
	fault f = device_find(st->db, device, &ref);

	*yes = false;
	if (f != NULL || ref == 0)
		return f;
	stmt_int(s, 1, ref);
	stmt_int(s, 2, (int64_t)seq);
	f = stmt_step(s, yes);
	stmt_reset(s);
	return f;
}

fault
receipt_owed(struct store *st, uint64_t **out, size_t *n)
{
	struct stmt *s = db_prepare(st->db, "SELECT seq FROM receipt "
	    "WHERE device = ? AND given = 0 ORDER BY seq");
	uint64_t *seqs = NULL;
	size_t count = 0;
	bool row;
	fault f;

	stmt_int(s, 1, st->self_ref);
	while ((f = stmt_step(s, &row)) == NULL && row) {
		seqs = mem_grow(seqs, (count + 1) * sizeof *seqs);
		seqs[count++] = (uint64_t)stmt_get_int(s, 0);
	}
	if (f != NULL) {
		free(seqs);
		return f;
	}
	*out = seqs;
	*n = count;
	return NULL;
}
