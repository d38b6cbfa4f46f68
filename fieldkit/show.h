/*
 * show -- a record as JSON or as text, the same in every command.
 */
#ifndef FIELDKIT_SHOW_H
#define FIELDKIT_SHOW_H

#include "fieldkit/cmd.h"

/* snippet may be NULL. */
fault show_json(struct ctx *, const struct progress *, const struct record *,
    const char *snippet) MUST_CHECK;
fault show_text(struct ctx *, const struct progress *, const struct record *)
    MUST_CHECK;
/* One line of a list. */
fault show_line(struct ctx *, const struct progress *, const struct record *,
    const char *snippet) MUST_CHECK;

/* What is left of an erased record: as JSON, and the fault that says so. */
fault show_tombstone(struct ctx *, const struct id *) MUST_CHECK;

/* A value as JSON, by what the pack says it is. */
void show_value(struct json_out *, const struct pack_field *, struct bytes);

/* Name of a device's person, or its short id. */
void show_device(const struct ctx *, const struct id *, char *to, size_t room);

#endif
