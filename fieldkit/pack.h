/*
 * pack -- the project's record types: data, not code.
 *
 * A pack is JSON (schema/PACK.md); a new one needs no recompilation.  It says
 * which types and fields there are, of which kind, compartment and class,
 * what is required and allowed, and what they are called in nl and en.
 */
#ifndef FIELDKIT_PACK_H
#define FIELDKIT_PACK_H

#include "sync/base/buf.h"
#include "sync/base/fault.h"
#include "schema/wire.h"

enum field_form {		/* what a value must look like */
	FORM_TEXT,		/* any UTF-8 */
	FORM_INT, FORM_BOOL, FORM_DATE,
	FORM_CODE,		/* one of the allowed values */
	FORM_PLACE,		/* GM1234, WK123456, BU12345678 */
	FORM_ID			/* of a record */
};

struct pack_value {
	char		*code, *nl, *en;
};

struct pack_field {
	char		*name, *nl, *en;
	enum field_form	form;
	enum kind	kind;
	enum compartment comp;
	char		*class;		/* letters of N I D S C T */
	bool		required;
	char		*generate;	/* "crockford8" when omitted; or NULL */
	int64_t		min, max;	/* numbers; lengths of text, in chars */
	struct pack_value *values;	/* allowed; none: any */
	size_t		nvalues;
};

struct pack_type {
	char		*name, *nl, *en;
	struct pack_field *fields;	/* in the pack's order */
	size_t		nfields;
};

struct pack {
	char		*name, *version;
	struct pack_type *types;
	size_t		ntypes;
};

/*
 * Read and check a whole pack.  FAULT_INVALID names the first mistake with
 * its line ("pack default: line 12: ..."); nothing is half taken.
 */
fault pack_read(struct pack **, struct bytes json) MUST_CHECK;
void pack_free(struct pack *);

/* The pack of this name that ships with the program.  FAULT_ABSENT. */
fault pack_builtin(struct bytes *json, const char *name) MUST_CHECK;

const struct pack_type *pack_type(const struct pack *, struct bytes name);
const struct pack_field *pack_field(const struct pack_type *,
    struct bytes name);

/*
 * Is value allowed for the field?  On success the canonical text stands in
 * *out (numbers without leading zeros, booleans as true/false, ids in 32
 * lower-case digits).  FAULT_INVALID names field and rule; the caller puts
 * the record in front.
 */
fault pack_check(struct buf *out, const struct pack_field *,
    struct bytes value) MUST_CHECK;

/* What a field generates when omitted.  Empty if it generates nothing. */
void pack_generate(struct buf *out, const struct pack_field *);

const char *form_name(enum field_form);		/* "text" */
const char *comp_name(enum compartment);	/* "team" */
bool comp_parse(enum compartment *, const char *);

#endif
