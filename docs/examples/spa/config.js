/** Origin of the API. The Content-Security-Policy in index.html names it, too. */
export const API = "http://127.0.0.1:8000";
