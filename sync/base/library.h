/*
 * library -- a shared library that is loaded when it is first needed.
 *
 * For one that few commands need and that every start would pay for.  The
 * caller, the library's one door, lists what it calls of it in a struct of
 * pointers to functions, typed by the library's own header.
 */
#ifndef SYNC_BASE_LIBRARY_H
#define SYNC_BASE_LIBRARY_H

#include <stddef.h>

#include "sync/base/fault.h"

/*
 * Fill to, a struct of n pointers to functions, with the functions of these
 * names.  The library stays loaded until the process ends: it may have left
 * something to be done at exit.
 */
fault library_load(void *to, const char *const names[], size_t n,
    const char *soname) MUST_CHECK;

#endif
