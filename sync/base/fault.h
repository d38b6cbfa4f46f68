/*
 * fault -- what went wrong, as a value.
 *
 * NULL means it worked.  Otherwise it has a code for programs, a detail
 * (errno, a library's code) and a sentence for people: what happened, what
 * was kept, what to do.  It is made once, where most is known; on the way up
 * it is passed on, or gets the errand put in front of it; main prints it.
 * Nobody frees it: the last 16 faults live in a ring.
 */
#ifndef SYNC_BASE_FAULT_H
#define SYNC_BASE_FAULT_H

#define MUST_CHECK __attribute__((warn_unused_result))

enum fault_code {
	FAULT_FAIL = 1,		/* exit 1: anything else (disk, memory, library) */
	FAULT_USAGE = 2,	/* exit 2: wrong command line */
	FAULT_INVALID = 3,	/* exit 3: validation failed */
	FAULT_ABSENT = 4,	/* exit 4: not found */
	FAULT_DECIDE = 5,	/* exit 5: a person must decide */
	FAULT_LOCKED = 6,	/* exit 6: locked, wrong passphrase, no right */
	FAULT_HUB = 7,		/* exit 7: hub unreachable */
	FAULT_TRUST = 8,	/* exit 8: integrity or signature failure */
	FAULT_PRIVACY = 9,	/* exit 9: refused by a privacy rule */
	FAULT_FORMAT = 108,	/* exit 8: bytes are not of their format */
	FAULT_RACE = 107,	/* exit 7: another device moved the ref first */
	FAULT_DENIED = 106,	/* exit 6: the system gives no permission */
	FAULT_ERASED = 104,	/* exit 4: its leaf is punctured; counted, skipped */
	FAULT_INTERRUPT = 130	/* exit 130 */
};

struct fault {
	enum fault_code	code;
	int		detail;		/* errno or a library's code; 0 if none */
	char		text[400];
};
typedef const struct fault *fault;

/*
 * fmt is looked up in the catalogue first (sync/base/lang.h), so write it as
 * one English sentence that stands there too.
 */
fault fault_new(enum fault_code, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * As fault_new, with errno as detail and its words behind the sentence.
 * FAULT_FAIL for want of permission becomes FAULT_DENIED.
 */
fault fault_errno(enum fault_code, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Put "errand: " in front.  NULL stays NULL; code and detail stay. */
fault fault_while(fault f, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* The process's exit code for f (0 for NULL). */
int fault_exit(fault f);

#endif
