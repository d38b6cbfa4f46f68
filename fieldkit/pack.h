/*
 * pack -- the project's record types: data, not code.
 *
 * A pack is JSON (schema/PACK.md); a new one needs no recompilation.  It says
 * which types and fields there are, of which kind, compartment and class,
 * what is required and allowed, and what they are called in nl and en.
 */
#ifndef FIELDKIT_PACK_H
#define FIELDKIT_PACK_H

#include "fieldkit/field.h"

/* Bounds of a pack. */
#define PACK_MAX	(512u << 10)	/* bytes of its JSON */
#define PACK_TYPES_MAX	64u
#define PACK_FIELDS_MAX	128u		/* of a type */
#define PACK_LISTS_MAX	64u		/* with a name */
#define PACK_VALUES_MAX	1000u		/* of a list */
#define PACK_LABEL_MAX	200u		/* characters */
#define PACK_HINT_MAX	2000u		/* characters */
#define PACK_CODE_MAX	40u		/* bytes of a code or version */

struct pack_type {
	char		*name, *nl, *en;
	struct pack_field *fields;	/* in the pack's order */
	size_t		nfields;
};

/* Allowed values; the fields' `values` point here. */
struct pack_list {
	char		*name;		/* NULL: written inside a field */
	struct pack_value *values;
	size_t		nvalues;
};

struct pack {
	char		*name, *version;
	struct pack_list *lists;
	size_t		nlists;
	struct pack_type *types;
	size_t		ntypes;
	struct buf	held;		/* all texts; or each has its own */
};

/*
 * Read and check a whole pack.  FAULT_INVALID names the first mistake with
 * its line ("line 12: type story: field date: ..."); the caller puts the
 * file's or pack's name in front.  Nothing is half taken.
 */
fault pack_read(struct pack **, struct bytes json) MUST_CHECK;
void pack_free(struct pack *);

/*
 * A pack that was read from this JSON, as bytes for this device's own store:
 * pack_kept, which takes them, makes it again in a fiftieth of the time.
 * False if they are not such bytes of this version of the program; then the
 * JSON is to be read.
 */
void pack_keep(struct buf *, const struct pack *, struct bytes json);
bool pack_kept(struct pack **, struct buf *kept);
/* Are these bytes of this version, made from this JSON? */
bool pack_kept_of(struct bytes kept, struct bytes json);

/* The pack of this name that ships with the program.  FAULT_ABSENT. */
fault pack_builtin(struct bytes *json, const char *name) MUST_CHECK;

const struct pack_type *pack_type(const struct pack *, struct bytes name);
const struct pack_field *pack_field(const struct pack_type *,
    struct bytes name);

#endif
