#include "sync/shelf.h"

#include <string.h>

#include "sync/base/secret.h"

int
shelf_order(const struct held_key *h, uint8_t comp, uint32_t e)
{
	if (h->comp != comp)
		return h->comp < comp ? -1 : 1;
	return h->e < e ? -1 : h->e > e;
}

/* Where (comp, e) stands, or would stand. */
static size_t
shelf_place(const struct shelf *s, uint8_t comp, uint32_t e)
{
	size_t lo = 0, hi = s->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (shelf_order(&s->at[mid], comp, e) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

const struct held_key *
shelf_find(const struct shelf *s, uint8_t comp, uint32_t e)
{
	size_t i = shelf_place(s, comp, e);

	if (i == s->n || shelf_order(&s->at[i], comp, e) != 0)
		return NULL;
	return &s->at[i];
}

static void
shelf_grow(struct shelf *s)
{
	size_t room = s->room == 0 ? 8 : s->room * 2;
	struct held_key *at = secret_new(room * sizeof *at);

	if (s->n > 0)
		memcpy(at, s->at, s->n * sizeof *at);
	secret_free(s->at, s->room * sizeof *at);
	s->at = at;
	s->room = room;
}

void
shelf_put(struct shelf *s, uint8_t comp, uint32_t e, const uint8_t *key)
{
	size_t i = shelf_place(s, comp, e);

	if (i < s->n && shelf_order(&s->at[i], comp, e) == 0) {
		memcpy(s->at[i].key, key, WIRE_KEY_LEN);
		return;
	}
	if (s->n == s->room)
		shelf_grow(s);
	memmove(s->at + i + 1, s->at + i, (s->n - i) * sizeof *s->at);
	s->at[i].comp = comp;
	s->at[i].e = e;
	memcpy(s->at[i].key, key, WIRE_KEY_LEN);
	s->n++;
}

/* What stands behind moves up; the places left over at the end are zeroed. */
void
shelf_drop(struct shelf *s, uint32_t e)
{
	size_t kept = 0;

	for (size_t i = 0; i < s->n; i++)
		if (s->at[i].e != e)
			s->at[kept++] = s->at[i];
	if (kept < s->n)
		secret_forget(s->at + kept, (s->n - kept) * sizeof *s->at);
	s->n = kept;
}

void
shelf_free(struct shelf *s)
{
	secret_free(s->at, s->room * sizeof *s->at);
	*s = (struct shelf){ NULL, 0, 0 };
}
