metadata description = 'Who gets an alert: the addresses given, or the owners of the subscription when there is none.'

param name string
param tags { *: string }
param emails string[]

var ownerRoleId = '8e3af657-a8ff-443c-a75c-2fe8c4bcb635'

resource group 'Microsoft.Insights/actionGroups@2023-01-01' = {
  name: name
  location: 'global'
  tags: tags
  properties: {
    enabled: true
    groupShortName: 'Compliance'
    emailReceivers: [
      for (email, i) in emails: {
        name: 'mail-${i}'
        emailAddress: email
        useCommonAlertSchema: true
      }
    ]
    armRoleReceivers: empty(emails) ? [{ name: 'owners', roleId: ownerRoleId, useCommonAlertSchema: true }] : []
  }
}

output id string = group.id
