/* durable.pml - appends that commit before their flush, for the model checker spin.
 *
 * Two appenders with a flusher each (framework/store/commit/flusher.h), a reader
 * (cairn.await_durable) and a server that crashes: it keeps what is flushed, and any part of what
 * was committed after that. Every interleaving is tried. tests/models/run checks that it holds, and
 * that each error planted by a macro is found:
 *
 *   ANSWER_BEFORE_FLUSH    an append is answered once it has committed
 *   READ_AT_ONCE           a reader does not wait
 *   FLUSH_ANYWHERE         a flush counts whichever server it reached
 *   RETRY_UNSEEN           an append whose connection was lost is repeated without a look-up
 *   ANSWER_FOUND           what a look-up finds is answered without a flush
 *   CONFIRM_ANYWHERE       ... or with a flush of another start of the server
 *   PUBLISH_EARLY          the register of what is durable moves with the commit
 *
 * CRASHES says how often the server may crash: once takes seconds, twice minutes (2e8 states).
 */
#define APPENDS 3 /* 1 and 2 are those of the first appender */
#define SIZE 3    /* positions */
#ifndef CRASHES
#define CRASHES 1
#endif

#ifdef ANSWER_BEFORE_FLUSH
#define COMMITTED ANSWERED
#else
#define COMMITTED IN_FLIGHT
#endif
#ifdef READ_AT_ONCE
#define WAITS false
#else
#define WAITS true
#endif
#ifdef FLUSH_ANYWHERE
#define SEES false
#else
#define SEES true
#endif
#ifdef RETRY_UNSEEN
#define LOOKS false
#else
#define LOOKS true
#endif
#ifdef ANSWER_FOUND
#define CONFIRMS false
#else
#define CONFIRMS true
#endif
#ifdef CONFIRM_ANYWHERE
#define STAYS false
#else
#define STAYS true
#endif
#ifdef PUBLISH_EARLY
#define PUBLISHES_EARLY true
#else
#define PUBLISHES_EARLY false
#endif

mtype = {WAITING, IN_FLIGHT, UNDONE, ANSWERED};

byte log[SIZE + 1]; /* the append at each position, from 1 */
byte head;          /* the newest position that is visible */
byte flushed;       /* the newest that is on disk */
byte durable;       /* cairn.durable_head */
byte server = 1;    /* counts its starts: connections to an earlier one are lost */

mtype state[APPENDS + 1];
byte committed_by[APPENDS + 1]; /* the start of the server */
byte shown[SIZE + 1];           /* what a reader was shown at each position */
byte known[3];                  /* by each flusher: all up to here is durable ... */
byte known_of[3];               /* ... on this start of the server */

/* What was answered is on disk, once; what was shown is there still. */
inline check() {
    d_step {
        i = 1;
        do
        :: i <= APPENDS ->
            n = 0;
            k = 1;
            do
            :: k <= head -> if :: log[k] == i -> n++; at = k :: else fi; k++
            :: else -> break
            od;
            assert(n <= 1);
            assert(state[i] != ANSWERED || (n == 1 && at <= flushed));
            i++
        :: else -> break
        od;
        k = 1;
        do
        :: k <= SIZE ->
            assert(shown[k] == 0 || (log[k] == shown[k] && k <= flushed));
            k++
        :: else -> break
        od;
        i = 0; k = 0; n = 0; at = 0
    }
}

proctype crash() {
    byte i, k, n, at, left = CRASHES;
    do
    :: left > 0 ->
        atomic {
            do /* any part of what was not flushed may be on disk nevertheless */
            :: flushed < head -> flushed++
            :: break
            od;
            do
            :: head > flushed -> log[head] = 0; head--
            :: else -> break
            od;
            server++;
            left--;
            check()
        }
    :: break
    od
}

inline append(id) {
    atomic {
        if
        :: server == connection ->
            if /* what its flusher knows goes with it */
            :: known[me] > durable && known_of[me] == server -> durable = (known[me] < head -> known[me] : head)
            :: else
            fi;
            head++;
            log[head] = id;
            durable = (PUBLISHES_EARLY -> head : durable);
            committed_by[id] = server;
            state[id] = COMMITTED;
            ok = true
        :: else -> connection = server; ok = false
        fi
    }
}

/* Looks an append up, and answers or repeats it. */
inline settle(id) {
    do
    :: state[id] != UNDONE -> break
    :: else ->
        connection = server;
        atomic {
            ok = server == connection;
            found = false;
            k = 1;
            do
            :: k <= head -> if :: log[k] == id -> found = true :: else fi; k++
            :: else -> break
            od;
            k = 0
        }
        found = found && LOOKS;
        if
        :: ok && found ->
            atomic {
                if
                :: !CONFIRMS -> state[id] = ANSWERED
                :: CONFIRMS && (server == connection || !STAYS) -> flushed = head; state[id] = ANSWERED
                :: else
                fi;
                check()
            }
        :: ok && !found -> append(id)
        :: else
        fi
    od
}

proctype appender(byte me; byte first; byte last) {
    byte id = first, connection = 1, i, k, n, at;
    bool ok, found;
    do
    :: id <= last ->
        if
        :: state[first] == UNDONE || state[last] == UNDONE ->
            (state[first] != IN_FLIGHT && state[last] != IN_FLIGHT);
            if :: state[first] == UNDONE -> settle(first) :: else fi;
            if :: state[last] == UNDONE -> settle(last) :: else fi
        :: else ->
            append(id);
            if :: ok -> id++ :: else fi
        fi
    :: else -> break
    od;
    do /* until all is answered */
    :: state[first] == ANSWERED && state[last] == ANSWERED -> break
    :: (state[first] == UNDONE || state[last] == UNDONE) &&
       state[first] != IN_FLIGHT && state[last] != IN_FLIGHT ->
        if :: state[first] == UNDONE -> settle(first) :: else fi;
        if :: state[last] == UNDONE -> settle(last) :: else fi
    od
}

proctype flusher(byte me; byte first; byte last) {
    byte connection = 1, i, k, n, at, upto;
    bool one, two, ok;
    do
    :: state[first] == ANSWERED && state[last] == ANSWERED -> break
    :: state[first] == IN_FLIGHT || state[last] == IN_FLIGHT ->
        atomic { /* takes what is there */
            one = state[first] == IN_FLIGHT;
            two = state[last] == IN_FLIGHT
        }
        connection = server; /* sees the server process that committed them */
        ok = !SEES || ((!one || committed_by[first] == connection) &&
                       (!two || committed_by[last] == connection));
        atomic {
            if
            :: ok && server == connection -> flushed = head; upto = head
            :: ok = false /* its connection is lost, by a crash or by itself */
            fi
        }
        atomic {
            if
            :: ok ->
                known[me] = upto;
                known_of[me] = connection;
                if :: one -> state[first] = ANSWERED :: else fi;
                if :: two -> state[last] = ANSWERED :: else fi;
                check()
            :: else ->
                if :: one -> state[first] = UNDONE :: else fi;
                if :: two -> state[last] = UNDONE :: else fi
            fi
        }
    od
}

proctype reader() {
    byte connection, seen, upto, i, k, n, at, looks = 1;
    byte rows[SIZE + 1];
    do
    :: looks > 0 ->
        looks--;
        atomic { /* one snapshot */
            connection = server;
            seen = head;
            k = 1;
            do
            :: k <= seen -> rows[k] = log[k]; k++
            :: else -> break
            od;
            k = 0;
            upto = head
        }
        if
        :: seen <= durable
        :: flushed >= upto
        :: server != connection
        :: !WAITS
        fi;
        atomic {
            if
            :: server == connection ->
                k = 1;
                do
                :: k <= seen -> shown[k] = rows[k]; k++
                :: else -> break
                od;
                k = 0
            :: else /* its connection was lost */
            fi
        }
    :: else -> break
    od
}

init {
    atomic {
        byte i = 1;
        do
        :: i <= APPENDS -> state[i] = WAITING; i++
        :: else -> break
        od;
        run appender(1, 1, 2);
        run flusher(1, 1, 2);
        run appender(2, 3, 3);
        run flusher(2, 3, 3);
        run reader();
        run crash()
    }
}
