// registered.jsx - what takes a registered customer: asks a person who is none to register first.
import { useEffect, useState } from 'preact/hooks';

import { act, get } from '../lib/api.js';
import { ActionForm, Loading, ProblemNote } from '../parts.jsx';

function Register({ session, onDone }) {
    const register = async (form) => {
        const key = `register-${session.sub}-${form.get('email')}`;
        const { position } = await act('/users', { user_id: session.sub, email: form.get('email'), name: form.get('name') }, { key });
        onDone((await get(`/users/${session.sub}`, position)).body);
    };
    return (
        <>
            <h1>Register</h1>
            <p>Tell us once who you are, then order.</p>
            <div class="card narrow">
                <ActionForm act={register} label="Register" busyLabel="Registering…"
                    problemTitle={(problem) => (problem.code === 'claimed' ? 'This address is registered already' : undefined)}>
                    <label>Name <input name="name" required maxLength={200} autoComplete="name" /></label>
                    <label>E-mail <input name="email" type="email" required autoComplete="email" /></label>
                </ActionForm>
            </div>
        </>
    );
}

export function Registered({ session, children }) {
    const [user, setUser] = useState(undefined);
    const [problem, setProblem] = useState(null);
    useEffect(() => {
        get(`/users/${session.sub}`).then(({ body }) => setUser(body), (wrong) => {
            if (wrong.status === 404) setUser(null);
            else setProblem(wrong);
        });
    }, [session.sub]);
    if (problem) return <><h1>Your account</h1><ProblemNote problem={problem} /></>;
    if (user === undefined) return <><h1>One moment</h1><Loading /></>;
    return user ? children : <Register session={session} onDone={setUser} />;
}
