/*
 * field -- one field of a record type: what may stand in it.
 *
 * Where it lives (compartment), how sensitive it is (class) and what values
 * it takes are data, read by pack.c.  This is the one place that checks a
 * value, for every command and form.
 */
#ifndef FIELDKIT_FIELD_H
#define FIELDKIT_FIELD_H

#include "sync/base/buf.h"
#include "sync/base/fault.h"
#include "schema/wire.h"

/* Characters in a text: even of 4 bytes each they fit in WIRE_VALUE_MAX. */
#define FIELD_TEXT_MAX (WIRE_VALUE_MAX / 4)
#define FIELD_TEXT_USUAL 4000		/* if the pack names no max */
#define FIELD_INT_MAX ((INT64_C(1) << 53) - 1)	/* any program can hold it */

enum field_form {		/* what a value must look like */
	FORM_TEXT,		/* any UTF-8 */
	FORM_INT, FORM_BOOL, FORM_DATE,
	FORM_CODE,		/* one of the allowed values */
	FORM_PLACE,		/* GM1234, WK123456, BU12345678 */
	FORM_ID,		/* of a record */
	FORM_COUNT
};

struct pack_value {
	char		*code, *nl, *en;
	char		*class;		/* more than the field's; or NULL */
	char		*cluster;	/* for sorting lists; or NULL */
	char		*hint_nl, *hint_en;	/* or both NULL */
};

struct pack_field {
	char		*name, *nl, *en;
	char		*hint_nl, *hint_en;	/* or both NULL */
	enum field_form	form;
	enum kind	kind;
	enum compartment comp;
	char		*class;		/* letters of N I D S C T */
	bool		required;
	char		*generate;	/* "crockford8" when omitted; or NULL */
	char		*not_above;	/* another field of the type; or NULL */
	int64_t		min, max;	/* numbers; lengths of text, in chars */
	const struct pack_value *values;	/* FORM_CODE: allowed ones; the
					 * pack's, so that fields share them */
	size_t		nvalues;
};

/*
 * Is value allowed for the field?  On success the canonical text stands in
 * *out (numbers without leading zeros, booleans as true/false, ids in 32
 * lower-case digits), else it is untouched.  FAULT_INVALID names field and
 * rule; the caller puts the record in front.  An empty value is refused: to
 * clear a field is the caller's business.
 */
fault pack_check(struct buf *out, const struct pack_field *,
    struct bytes value) MUST_CHECK;

/* Is a, a value of low, above b, one of high?  Both of one form, numbers or
 * dates.  No if either is not allowed for its field. */
bool pack_above(const struct pack_field *low, struct bytes a,
    const struct pack_field *high, struct bytes b);

/* What a field generates when omitted.  Nothing if it generates nothing. */
void pack_generate(struct buf *out, const struct pack_field *);

const char *form_name(enum field_form);		/* "text" */
bool form_parse(enum field_form *, const char *);
const char *comp_name(enum compartment);	/* "team" */
bool comp_parse(enum compartment *, const char *);

#endif
