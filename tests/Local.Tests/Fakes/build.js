// Stands for the build for the Core Tools: node build.js PROJECT-FOLDER; with PROJECT-FOLDER/broken.cs it fails.
const fs = require('fs'), path = require('path');
const project = process.argv[2], output = path.join(project, 'bin', 'output');
if (fs.existsSync(path.join(project, 'broken.cs'))) { console.log('broken.cs(1,1): error CS1002: ; expected'); process.exit(1); }
fs.mkdirSync(output, { recursive: true });
fs.copyFileSync(path.join(project, 'local.settings.json'), path.join(output, 'local.settings.json'));
