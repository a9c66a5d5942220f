"use strict";

const main = document.getElementById("api");

// No validator: it would send the document's address to a server elsewhere. A token
// that is typed in is forgotten with the page.
SwaggerUIBundle({
  url: main.dataset.document,
  domNode: main,
  deepLinking: true,
  displayRequestDuration: true,
  persistAuthorization: false,
  showCommonExtensions: true,
  tryItOutEnabled: true,
  validatorUrl: null,
});
