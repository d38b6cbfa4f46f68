/*
 * change -- one saved edit of one record by one device.
 *
 * A change is a fact: it is never edited, only followed by a later one.  Its
 * name is its dot.  For every field that it sets it names the dots that it
 * supersedes.  Bytes: schema/WIRE.md, section 1.  Decoded changes borrow
 * names and values from their input; only the arrays are theirs.
 */
#ifndef SYNC_CHANGE_H
#define SYNC_CHANGE_H

#include "sync/base/codec.h"
#include "sync/base/id.h"

struct dot {
	struct id	device;
	uint64_t	n;		/* from 1 */
};

/* Names a record's leaf of the erasure tree. */
struct index {
	struct id	creator;
	uint32_t	n;		/* from 1 */
};

struct change_field {
	struct bytes	name;		/* borrowed */
	enum compartment comp;		/* 1..3 */
	enum kind	kind;
	bool		withheld;	/* its compartment did not open here */
	struct dot	*sup;		/* superseded dots */
	size_t		nsup;
	struct bytes	*gone;		/* set: element of sup[i]; nsup of them */
	struct bytes	*val;		/* value: one, empty = cleared; set: added */
	size_t		nval;		/* 0 when withheld */
};

struct change {
	struct dot	dot;
	struct id	record;
	struct index	index;
	struct bytes	type;		/* borrowed */
	uint64_t	clock;		/* hybrid time */
	struct change_field *fields;	/* names strictly increasing */
	size_t		nfields;
};

#define CHANGE_EMPTY { .nfields = 0 }

/*
 * Building.  Everything borrowed must outlive the change.  Fields may be
 * added in any order; change_sort puts all into canonical order (names,
 * elements, dots) and drops duplicates.  The field that change_add returns
 * is good until the next change_add.
 */
struct change_field *change_add(struct change *, struct bytes name,
    enum compartment, enum kind);
void change_add_value(struct change_field *, struct bytes);
/* elem: the removed element of a set; BYTES_EMPTY for a value. */
void change_add_sup(struct change_field *, const struct dot *,
    struct bytes elem);
void change_sort(struct change *);
void change_free(struct change *);

/*
 * Within every bound of WIRE.md, and sorted?  FAULT_INVALID names what is
 * not.  What passes, decodes.  A dot without n does not pass.
 */
fault change_check(const struct change *) MUST_CHECK;

/* Compartments in which c has a field, as bits. */
unsigned change_comps(const struct change *);

/* The ledger form. */
void change_put_ledger(struct buf *, const struct change *);
/*
 * Read a ledger form; all fields come out withheld.  device is the dot's.
 * On any defect the reader is spoilt and *out is empty.
 */
void change_get_ledger(struct reader *, struct change *out,
    const struct id *device);

/* The payload form of one compartment; its fields must not be withheld. */
void change_put_payload(struct buf *, const struct change *, enum compartment);
/* Fill in what the payload holds and lift `withheld`.  FAULT_FORMAT. */
fault change_take_payload(struct change *, enum compartment, struct bytes)
    MUST_CHECK;

/* How many bytes change_encode appends. */
size_t change_len(const struct change *);
/* The stored form.  Decode reads exactly one; FAULT_FORMAT otherwise. */
void change_encode(struct buf *, const struct change *);
fault change_decode(struct change *out, struct bytes in) MUST_CHECK;

int dot_cmp(const struct dot *, const struct dot *);
bool index_eq(const struct index *, const struct index *);
/* "<32 hex>.<n>".  dot_parse takes exactly that, lower case, n in bounds. */
#define DOT_TEXT 56
const char *dot_text(char to[DOT_TEXT], const struct dot *);
bool dot_parse(struct dot *, const char *);

#endif
