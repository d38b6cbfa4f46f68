/*
 * edit -- from what a person assigns to a change: checked by the pack, with
 * the dots that it supersedes.
 */
#ifndef FIELDKIT_EDIT_H
#define FIELDKIT_EDIT_H

#include "fieldkit/pack.h"
#include "fieldkit/store.h"
#include "sync/roster.h"

/* Set field in which a change keeps its reason; shown in the history only. */
#define FIELD_REASON "reason"

enum assign_op { ASSIGN_SET, ASSIGN_ADD, ASSIGN_REMOVE };

struct assign {
	struct bytes	field, value;
	enum assign_op	op;
};

struct editor {			/* who edits, by which rules */
	const struct pack *pack;
	struct id	self;
	enum role	role;
};

struct edit {
	struct change	change;
	char		**held;		/* canonical values */
	size_t		nheld;
};
#define EDIT_EMPTY { .change = CHANGE_EMPTY }
void edit_free(struct edit *);

/* "FIELD=VALUE", "FIELD+=V", "FIELD-=V"; borrows.  FAULT_USAGE. */
fault assign_parse(struct assign *, const char *text) MUST_CHECK;

/*
 * A new record of type: id and index are the caller's.  Generated and
 * required fields are seen to.  FAULT_INVALID names field and rule.
 */
fault edit_create(struct edit *, const struct editor *, struct bytes type,
    const struct assign *, size_t n) MUST_CHECK;

/*
 * Change a record.  FAULT_INVALID by the rules, or if nothing would change or
 * the record is withdrawn; FAULT_LOCKED if the field is not this role's to
 * set.
 */
fault edit_record(struct edit *, const struct editor *, const struct record *,
    const struct assign *, size_t n) MUST_CHECK;

/* Withdraw (or, with undo, take the withdrawal back). */
fault edit_withdraw(struct edit *, const struct editor *,
    const struct record *, bool undo) MUST_CHECK;

/* Supersede all standing values of a value field by one of them or another. */
fault edit_resolve(struct edit *, const struct editor *,
    const struct record *, struct bytes field, const struct dot *keep,
    struct bytes value) MUST_CHECK;

void edit_reason(struct edit *, const char *reason);	/* NULL: none */

#endif
