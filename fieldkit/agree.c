#include "fieldkit/agree.h"

static const struct change_field *
touched(const struct change *c, const struct pack_field *pf)
{
	for (size_t i = 0; i < c->nfields; i++)
		if (bytes_is(c->fields[i].name, pf->name))
			return &c->fields[i];
	return NULL;
}

/* The one value that the field will have; empty: none, or not one. */
static struct bytes
value_of(const struct change *c, const struct pack_field *pf,
    const struct merged *m)
{
	const struct change_field *cf = touched(c, pf);
	const struct merged_field *mf;

	if (cf != NULL)
		return cf->nval == 1 ? cf->val[0] : BYTES_EMPTY;
	mf = m == NULL ? NULL : merged_find(m, bytes_of(pf->name), KIND_VALUE);
	if (mf == NULL || mf->nitems == 0 || mf->conflict ||
	    mf->items[0].withheld)
		return BYTES_EMPTY;
	return mf->items[0].value;
}

fault
agree_check(const struct change *c, const struct pack_type *pt,
    const struct merged *m)
{
	for (size_t i = 0; i < pt->nfields; i++) {
		const struct pack_field *low = &pt->fields[i], *high;

		if (low->not_above == NULL)
			continue;
		high = pack_field(pt, bytes_of(low->not_above));
		if (touched(c, low) == NULL && touched(c, high) == NULL)
			continue;
		if (pack_above(low, value_of(c, low, m), high,
		    value_of(c, high, m)))
			return fault_new(FAULT_INVALID, "%s: may not be above "
			    "%s", low->name, high->name);
	}
	return NULL;
}
