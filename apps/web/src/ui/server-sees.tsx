/** What the server of a call can see, and for how long: the same truth on the first page and in a call. */
import { SERVER_NEVER_SEES, SERVER_SEES } from '../words.ts';

export function ServerSees() {
  return (
    <>
      <ul class="facts">
        {SERVER_SEES.map(({ what, howLong }) => (
          <li key={what}>
            {what}
            <small>{howLong}</small>
          </li>
        ))}
      </ul>
      <p>{SERVER_NEVER_SEES}</p>
    </>
  );
}
