/*
 * demo_notes -- the 50 invented notes that ship with the program, in the
 * words of the default pack.
 */
#ifndef FIELDKIT_DEMO_NOTES_H
#define FIELDKIT_DEMO_NOTES_H

#include "sync/base/buf.h"
#include "sync/base/fault.h"

/* Append the notes of one worker and type as JSON Lines for `add --from`. */
fault demo_notes(struct buf *lines, const char *worker, const char *type)
    MUST_CHECK;

#endif
