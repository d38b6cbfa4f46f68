#include "fieldkit/view.h"

static bool
opens(const struct change *c, enum compartment comp)
{
	bool any = false;

	for (size_t i = 0; i < c->nfields; i++) {
		if (c->fields[i].comp != comp)
			continue;
		if (c->fields[i].withheld)
			return false;
		any = true;
	}
	return any;
}

static bool
same_ledger(const struct change *a, const struct change *b)
{
	struct buf x = BUF_EMPTY, y = BUF_EMPTY;
	bool same;

	change_put_ledger(&x, a);
	change_put_ledger(&y, b);
	same = bytes_eq(buf_view(&x), buf_view(&y));
	buf_free(&x);
	buf_free(&y);
	return same;
}

static bool
same_payload(const struct change *a, const struct change *b,
    enum compartment comp)
{
	struct buf x = BUF_EMPTY, y = BUF_EMPTY;
	bool same;

	if (!opens(a, comp) || !opens(b, comp))
		return true;
	change_put_payload(&x, a, comp);
	change_put_payload(&y, b, comp);
	same = bytes_eq(buf_view(&x), buf_view(&y));
	buf_free(&x);
	buf_free(&y);
	return same;
}

bool
view_same(const struct change *a, const struct change *b)
{
	bool same = same_ledger(a, b);

	for (int c = COMP_TEAM; same && c < COMP_COUNT; c++)
		same = same_payload(a, b, c);
	return same;
}

bool
view_more(const struct change *a, const struct change *b)
{
	bool more = false;

	for (int c = COMP_TEAM; c < COMP_COUNT; c++)
		more |= opens(b, c) && !opens(a, c);
	return more;
}

fault
view_union(struct buf *out, const struct change *a, const struct change *b)
{
	struct change u = CHANGE_EMPTY;
	struct buf ledger = BUF_EMPTY, payload[COMP_COUNT] = { BUF_EMPTY };
	struct reader r;
	fault f = NULL;

	change_put_ledger(&ledger, a);
	r = reader_of(buf_view(&ledger));
	change_get_ledger(&r, &u, &a->dot.device);
	for (int c = COMP_TEAM; f == NULL && c < COMP_COUNT; c++) {
		const struct change *from = opens(a, c) ? a : b;

		if (!opens(from, c))
			continue;
		change_put_payload(&payload[c], from, c);
		f = change_take_payload(&u, c, buf_view(&payload[c]));
	}
	if (f == NULL)
		change_encode(out, &u);
	change_free(&u);
	buf_free(&ledger);
	for (int c = 0; c < COMP_COUNT; c++)
		buf_free(&payload[c]);
	return f;
}
