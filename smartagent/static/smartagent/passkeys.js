// Shows what needs passkeys, where the browser has them, and says on the page why one was not used.
(function () {
  const words = {
    NotAllowedError: 'No passkey was used: the request was cancelled or timed out.',
    InvalidStateError: 'This device has a passkey for your account already.',
    SecurityError: 'Passkeys need https and a host name: they do not work at this address.',
  };

  document.addEventListener('allauth.error', function (event) {
    event.preventDefault();
    const error = event.detail.exception || {};
    for (const place of document.querySelectorAll('[data-passkey-error]')) {
      place.textContent = words[error.name] || 'The passkey could not be used: ' + (error.message || error.name || 'unknown error');
      place.hidden = false;
    }
  });

  document.addEventListener('DOMContentLoaded', function () {
    if (!window.PublicKeyCredential) return;
    for (const place of document.querySelectorAll('[data-passkey]')) place.hidden = false;
    for (const place of document.querySelectorAll('[data-no-passkey]')) place.hidden = true;
  });
})();
