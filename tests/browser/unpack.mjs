// Unpack the Chromium of the npm package into TMPDIR, and print where its program is. The package
// brings its own libraries (NSS) only where it believes to run at AWS: so we say that it does.
process.env.AWS_EXECUTION_ENV = "AWS_Lambda_nodejs24.x";
const { default: chromium } = await import("@sparticuz/chromium");
console.log(await chromium.executablePath());
