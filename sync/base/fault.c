#include "sync/base/fault.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "sync/base/lang.h"
#include "sync/base/oserror.h"

#define RING 16

/*
 * Process-wide on purpose: a fault outlives the function that made it and
 * nobody should have to free it.  One thread makes faults at a time; each
 * has its own ring.
 */
static _Thread_local struct fault ring[RING];
static _Thread_local unsigned next;

static struct fault *
fresh(enum fault_code code, int detail)
{
	struct fault *f = &ring[next++ % RING];

	f->code = code;
	f->detail = detail;
	f->text[0] = '\0';
	return f;
}

fault
fault_new(enum fault_code code, const char *fmt, ...)
{
	struct fault *f = fresh(code, 0);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(f->text, sizeof f->text, say(fmt), ap);
	va_end(ap);
	return f;
}

fault
fault_errno(enum fault_code code, const char *fmt, ...)
{
	int saved = errno;
	bool denied = saved == EACCES || saved == EPERM;
	struct fault *f = fresh(denied && code == FAULT_FAIL ? FAULT_DENIED :
	    code, saved);
	va_list ap;
	size_t n;

	va_start(ap, fmt);
	vsnprintf(f->text, sizeof f->text, say(fmt), ap);
	va_end(ap);
	n = strlen(f->text);
	snprintf(f->text + n, sizeof f->text - n, ": %s", oserror(saved));
	return f;
}

fault
fault_while(fault f, const char *fmt, ...)
{
	struct fault *g;
	va_list ap;
	size_t n;

	if (f == NULL)
		return NULL;
	g = fresh(f->code, f->detail);
	va_start(ap, fmt);
	vsnprintf(g->text, sizeof g->text, say(fmt), ap);
	va_end(ap);
	n = strlen(g->text);
	snprintf(g->text + n, sizeof g->text - n, ": %s", f->text);
	return g;
}

int
fault_exit(fault f)
{
	if (f == NULL)
		return 0;
	if (f->code > 100 && f->code != FAULT_INTERRUPT)
		return (int)f->code - 100;
	return (int)f->code;
}
