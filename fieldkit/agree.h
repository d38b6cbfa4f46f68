/*
 * agree -- what the fields of one record must agree on, once a change is made.
 */
#ifndef FIELDKIT_AGREE_H
#define FIELDKIT_AGREE_H

#include "fieldkit/pack.h"
#include "sync/change.h"
#include "sync/merge.h"

/*
 * With c on top of what stands (NULL: a new record): is a field that the pack
 * says may not be above another still not above it?  Only of fields that c
 * touches: what came from afar is nobody's mistake here.  A field in conflict,
 * or with a value that the pack does not know, is not compared.
 * FAULT_INVALID names both.
 */
fault agree_check(const struct change *c, const struct pack_type *,
    const struct merged *) MUST_CHECK;

#endif
